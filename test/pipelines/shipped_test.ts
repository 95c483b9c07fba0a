import { assert, fail } from "@std/assert";
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
const brought: Readonly<Record<string, (folder: string) => readonly string[]>> = {
  "pipelines/real/photographs.yaml": (folder) => [`vars.photos=${folder}`],
};

for (const { path, presets } of await pipelineFiles("pipelines/")) {
  const name = path.slice(projectRoot.pathname.length);
  Deno.test(`${name} has no mistakes${presets.length ? `, with ${presets.join(", ")}` : ""}`, async () => {
    const cache = await Deno.makeTempDir();
    const sizes: number[] = [];
    const own = brought[name]?.(cache) ?? [];
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
