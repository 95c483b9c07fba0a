import { assert, assertEquals, fail } from "@std/assert";
import { parseYaml as parse } from "../../lib/diagnostic/yaml_core.ts";
import { openPipeline } from "../../lib/workspace/open_pipeline.ts";
import { projectRoot } from "../../lib/workspace/places.ts";

/** Paths of all pipeline files below a folder of the project; fragments for `include` have no name. */
async function pipelineFiles(folder: string): Promise<{ path: string; presets: string[] }[]> {
  const found: { path: string; presets: string[] }[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, projectRoot))) {
    if (isDirectory) found.push(...await pipelineFiles(`${folder}${name}/`));
    if (!name.endsWith(".yaml")) continue;
    const path = new URL(folder + name, projectRoot).pathname;
    const tree = parse(await Deno.readTextFile(path)) as { name?: string; presets?: object };
    if (tree.name !== undefined) found.push({ path, presets: Object.keys(tree.presets ?? {}) });
  }
  return found;
}

/** What has to be set of a file because people have to bring it; a folder that is there will do. */
const brought: readonly (readonly [begin: string, set: (folder: string) => readonly string[]])[] = [
  ["pipelines/real/", (folder) => [`vars.photos=${folder}`]],
  ["pipelines/paper/full/", bringFullSize],
];

/** Mini models in place of the paper's, and folders of data sets, which are read at run time only. */
function bringFullSize(folder: string): readonly string[] {
  const models = ["minigpt4", "instructblip", "blip2", "vpgtrans", "bliva", "visualglm"];
  for (const name of models) link(`mini-${name}`, `${folder}/${name}`);
  link("mini-clip", `${folder}/clip-vit-large-patch14`);
  for (const name of ["cifar10", "imagenette", "svhn", "clevr", "hateful-memes", "pope"]) {
    Deno.mkdirSync(`${folder}/${name}`);
  }
  return [`vars.models_folder=${folder}`, `vars.sets_folder=${folder}`];
}

function link(model: string, path: string): void {
  Deno.symlinkSync(new URL(`zoo/${model}`, projectRoot).pathname, path, { type: "dir" });
}

for (const { path, presets } of await pipelineFiles("pipelines/")) {
  const name = path.slice(projectRoot.pathname.length);
  Deno.test(`${name} has no mistakes${presets.length ? `, with ${presets.join(", ")}` : ""}`, async () => {
    const cache = await Deno.makeTempDir();
    const sizes: number[] = [];
    const own = brought.find(([begin]) => name.startsWith(begin))?.[1](cache) ?? [];
    for (const set of presets.length > 0 ? presets.map((preset) => [`preset=${preset}`]) : [[]]) {
      const file = { file: path, set: [...set, ...own], cache };
      await using opened = await openPipeline(file, {
        onWarning: ({ message }) => fail(message),
      });
      sizes.push(opened.plan.tasks.length);
    }
    assert(Math.min(...sizes) > 0);
    await Deno.remove(cache, { recursive: true });
  });
}

Deno.test("the paper's main table at full size has its sizes, rates and weights", async () => {
  const cache = await Deno.makeTempDir();
  const file = new URL("pipelines/paper/full/main.yaml", projectRoot).pathname;
  await using opened = await openPipeline({ file, set: bringFullSize(cache), cache });
  const { tasks } = opened.plan;
  const prompts = tasks.filter(({ stage }) => stage === "prompt");
  // Six tasks, two sources and two methods; every prompt on six models; two baselines of each of them.
  const numberOf = (name: string) => tasks.filter(({ stage }) => stage === name).length;
  assertEquals(["prompt", "transfer", "baseline"].map(numberOf), [24, 144, 72]);
  for (const { parameters } of prompts) {
    const { canvas, imageSize, lr, batch, epochs, variants } = parameters as Record<
      string,
      unknown
    >;
    assertEquals([canvas, imageSize, lr, batch, epochs], [224, 164, 10, 16, 1]);
    assertEquals((variants as { tvp: unknown }).tvp, { lm: 1, fca: 0.005, tse: 0.001 });
  }
  await Deno.remove(cache, { recursive: true });
});
