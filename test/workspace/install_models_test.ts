import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { installModels } from "../../lib/workspace/install_models.ts";
import { withFolder } from "../cache/rig.ts";

async function writeModel(folder: string, config: string): Promise<void> {
  await Deno.mkdir(join(folder, "model", "onnx"), { recursive: true });
  await Deno.writeTextFile(join(folder, "model", "config.json"), config);
  await Deno.writeTextFile(join(folder, "model", "onnx", "model.onnx"), `${config} graph`);
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("installModels() copies the models of a run under the names of their cells", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [run, target] = [join(folder, "run"), join(folder, "models")];
    await writeModel(join(run, "clip"), "clip");
    await writeModel(join(run, "encoder"), "encoder");
    await writeModel(join(run, "trained-clip"), "weights of 32 bits");
    await writeModel(join(run, "mllm", "architecture=mini-a"), "new");
    await Deno.mkdir(join(run, "report"));
    await Deno.mkdir(join(run, "line"));
    await Deno.writeTextFile(join(run, "line", "model"), "a file is not a model");
    await Deno.mkdir(join(target, "mini-a"), { recursive: true });
    await Deno.writeTextFile(join(target, "mini-a", "left-over"), "old");
    await Deno.writeTextFile(join(target, "mini-a", "README.md"), "the card");
    const installed = [...installModels({
      run,
      tasks: [
        { task: "clip", stage: "clip", folder: "clip" },
        { task: "encoder", stage: "encoder", folder: "encoder" },
        { task: "trained-clip", stage: "trained-clip", folder: "trained-clip" },
        { task: "mllm[architecture=mini-a]", stage: "mllm", folder: "mllm/architecture=mini-a" },
        { task: "report", stage: "report", folder: "report" },
        { task: "line", stage: "line", folder: "line" },
      ],
      names: new Map([["clip", "mini-clip"], ["encoder", ""], ["trained-*", ""]]),
      target,
    })];
    assertEquals(installed, [
      { task: "clip", name: "mini-clip" },
      { task: "mllm[architecture=mini-a]", name: "mini-a" },
    ]);
    assertEquals(namesIn(target), ["mini-a", "mini-clip"]);
    assertEquals(namesIn(join(target, "mini-a")), ["README.md", "config.json", "onnx"]);
    assertEquals(await Deno.readTextFile(join(target, "mini-a", "README.md")), "the card");
    const graph = await Deno.readTextFile(join(target, "mini-a", "onnx", "model.onnx"));
    assertEquals(graph, "new graph");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("installModels() keeps the card, and of a model that cannot be copied leaves nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [run, target] = [join(folder, "run"), join(folder, "models")];
    const install = () => {
      const tasks = [{ task: "clip", stage: "clip", folder: "clip" }];
      return [...installModels({ run, tasks, names: new Map(), target })];
    };
    await writeModel(join(run, "clip"), "new");
    await Deno.mkdir(join(run, "clip", "model", "README.md"));
    await Deno.mkdir(join(target, "clip"), { recursive: true });
    await Deno.writeTextFile(join(target, "clip", "README.md"), "the card");
    install();
    assertEquals(await Deno.readTextFile(join(target, "clip", "README.md")), "the card");
    await Deno.symlink("loop", join(run, "clip", "model", "loop"));
    assertThrows(install, Deno.errors.FilesystemLoop);
    assertEquals(namesIn(target), ["clip"]);
    assertEquals(namesIn(join(target, "clip")), ["README.md", "config.json", "onnx"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("installModels() says which model is gone", async () => {
  const run = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(run, "clip"));
    await Deno.symlink(join(run, "nowhere"), join(run, "clip", "model"));
    const tasks = [{ task: "clip", stage: "clip", folder: "clip" }];
    const install = () => [...installModels({ run, tasks, names: new Map(), target: run })];
    assertThrows(
      install,
      Error,
      `Cannot install the model of clip: ${run}/clip/model leads to nothing`,
    );
  } finally {
    await Deno.remove(run, { recursive: true });
  }
});

Deno.test("installModels() writes nothing where a name leads out", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [run, target] = [join(folder, "run"), join(folder, "models")];
    await writeModel(join(run, "m", "as=x"), "new");
    await writeModel(join(folder, "victim"), "old");
    await Deno.mkdir(target);
    for (const name of ["../victim", "..", ".", "/victim", "a/b", "a\\b", "a\0", ".x", "-x", ""]) {
      const tasks = [{ task: `m[as=${name}]`, stage: "m", folder: "m/as=x" }];
      const install = () => [...installModels({ run, tasks, names: new Map(), target })];
      if (name === "") assertEquals(install(), []);
      else assertThrows(install, DiagnosticError, `Cannot install the model of m[as=${name}]`);
    }
    const forged = [{ task: "m", stage: "m", folder: "../victim" }];
    assertEquals([...installModels({ run, tasks: forged, names: new Map(), target })], []);
    assertEquals(namesIn(target), []);
    assertEquals(namesIn(join(folder, "victim", "model")), ["config.json", "onnx"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("installModels() leaves a file where it is", async () => {
  await withFolder(async (root) => {
    const [run, target] = [`${root}/run`, `${root}/zoo`];
    await Deno.mkdir(`${run}/m/model`, { recursive: true });
    await Deno.mkdir(target);
    await Deno.writeTextFile(`${target}/README.md`, "kept");
    const tasks = [{ task: "m[as=README.md]", stage: "m", folder: "m" }];
    const message = 'Cannot install the model of m[as=README.md] as "README.md": ' +
      "a file has this name there";
    const install = () => [...installModels({ run, tasks, names: new Map(), target })];
    assertThrows(install, DiagnosticError, message);
    assertEquals([...Deno.readDirSync(target)].map(({ name }) => name), ["README.md"]);
  });
});
