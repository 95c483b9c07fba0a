import { assert, assertEquals } from "@std/assert";
import { hasPython, python } from "../tools/run_on_report.ts";

const folder = new URL("../../export/", import.meta.url);

const read = (name: string) => Deno.readTextFileSync(new URL(name, folder));

const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("requirements of recipes are pinned", () => {
  const lists = files.filter((name) => name.startsWith("requirements"));
  for (const list of lists) {
    const loose = read(list).trim().split("\n").filter((line) =>
      !/^[a-z0-9_-]+==\d[\w.]*$/.test(line)
    );
    assertEquals(loose, [], list);
  }
});

Deno.test("export/README.md names every recipe", () => {
  const recipes = files.filter((name) =>
    name.endsWith(".py") && name !== "recipe.py" && read(name).includes('if __name__ == "__main__"')
  );
  const text = read("README.md");
  assertEquals(recipes.filter((name) => !text.includes(`\`${name.slice(0, -3)}\``)), []);
});

Deno.test({
  name: "recipes are Python that compiles",
  ignore: !await hasPython(),
  async fn() {
    const script = "import ast, sys\nfor name in sys.argv[1:]: ast.parse(open(name).read(), name)";
    const paths = files.filter((name) => name.endsWith(".py"))
      .map((name) => new URL(name, folder).pathname);
    const { stderr } = await new Deno.Command(python, { args: ["-c", script, ...paths] })
      .output();
    assertEquals(new TextDecoder().decode(stderr), "");
  },
});

Deno.test({
  name: "of recipes that run at once, one makes the environment and fetches the wheel",
  ignore: !await hasPython(),
  async fn() {
    const cache = await Deno.makeTempDir();
    // A folder that is made twice, and a wheel that is fetched twice, fail.
    const script = `
import os, pathlib, sys, time
sys.path.insert(0, sys.argv[1])
import recipe
def create(folder, **_): os.makedirs(folder); time.sleep(0.2)
def pip(python, *words):
    if words[0] == "download":
        folder = pathlib.Path(words[words.index("--dest") + 1])
        os.makedirs(folder); time.sleep(0.2); (folder / "a.whl").touch()
recipe.venv.create, recipe.pip = create, pip
python = recipe.environment(recipe.HERE / "requirements.txt")
print(recipe.wheel("a==1", python))`;
    const run = () =>
      new Deno.Command(python, {
        args: ["-c", script, folder.pathname],
        env: { TVP_EXPORT_CACHE: cache, PYTHONDONTWRITEBYTECODE: "1" },
      }).output();
    for (const { success, stderr } of await Promise.all([run(), run(), run()])) {
      assert(success, new TextDecoder().decode(stderr));
    }
    await Deno.remove(cache, { recursive: true });
  },
});
