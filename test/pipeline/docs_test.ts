import { assert, assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import { renderDiagnostics } from "../../lib/diagnostic/render.ts";
import { planPipeline } from "../../lib/pipeline/plan/expand.ts";
import { parsePipeline } from "../../lib/pipeline/read/parse.ts";
import type { Plan } from "../../lib/pipeline/plan/plan.ts";
import { loadStages } from "../../lib/pipeline/plan/stage_lookup.ts";
import { withFolder } from "../cache/rig.ts";

const root = new URL("../../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/pipelines.md", root));

/** The examples of the page, each with the heading above it. */
function examples(language: string): { heading: string; text: string }[] {
  let heading = "Pipeline files";
  const pieces = page.matchAll(/^#+ (.*)$|^```(\w+)\n([^]*?)^```$/gm);
  return [...pieces].flatMap(([, title, kind, text]) => {
    if (title !== undefined) heading = title;
    return kind === language ? [{ heading, text: text! }] : [];
  });
}

/** An example is a part of a file: what a file must have is added. */
function whole(example: string): string {
  const name = /^name:/m.test(example) ? "" : "name: example\n";
  return name + example + (/^stages:/m.test(example) ? "" : "stages: { a: { uses: noop } }\n");
}

async function planExample(example: string, stageFolder: URL): Promise<Plan> {
  const text = whole(example);
  const included = "vars: { included: true }\n";
  const parsed = await parsePipeline(text, {
    path: "example.yaml",
    read: (path) => ({ path, text: included }),
  });
  const planned = parsed.ok
    ? await planPipeline(
      parsed.value,
      await loadStages(parsed.value, [stageFolder, new URL("stages/", root)]),
    )
    : parsed;
  assert(planned.ok, planned.ok ? "" : renderDiagnostics(planned.error, { source: () => text }));
  return planned.value;
}

Deno.test("every example of docs/pipelines.md is a pipeline that can be planned", () =>
  withFolder(async (folder) => {
    const [stage] = examples("ts");
    await Deno.writeTextFile(`${folder}/greet.ts`, stage!.text);
    const planned = new Map<string, readonly string[]>();
    for (const { heading, text } of examples("yaml")) {
      const plan = await planExample(text, toFileUrl(`${folder}/`));
      planned.set(heading, plan.tasks.map((task) => task.id));
    }
    assertEquals(planned.get("when"), ["some[i=1,on=true]", "some[i=2,on=true]", "all"]);
    assertEquals(planned.get("Code of your own"), ["hello"]);
    assert(planned.size >= 9);
  }));

Deno.test("docs/pipelines.md names every key of the language", async () => {
  const schema = JSON.parse(await Deno.readTextFile(new URL("pipelines/schema.json", root)));
  const keys = [
    ...Object.keys(schema.properties),
    ...Object.keys(schema.$defs.stage.properties),
    ...Object.keys(schema.$defs.stage.properties.resources.properties),
  ].filter((key) => key !== "$schema" && key !== "description");
  assertEquals(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(page)), []);
});

Deno.test("every key of the schema has a description", async () => {
  const schema = JSON.parse(await Deno.readTextFile(new URL("pipelines/schema.json", root)));
  const missing: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    const { properties } = value as { properties?: Record<string, { description?: string }> };
    for (const [key, property] of Object.entries(properties ?? {})) {
      const hasWords = property.description !== undefined || "const" in property;
      if (typeof property === "object" && !hasWords) missing.push(`${path}.${key}`);
    }
    for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`);
  };
  visit(schema, "");
  assertEquals(missing, []);
});

Deno.test("the code of docs/pipelines.md can be type-checked outside of the project", () =>
  withFolder(async (folder) => {
    const paths = await Promise.all(
      examples("ts").map(async ({ text }, index) => {
        await Deno.writeTextFile(`${folder}/${index}.ts`, text);
        return `${folder}/${index}.ts`;
      }),
    );
    assertEquals(paths.length, 4);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", new URL("deno.json", root).pathname, ...paths],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  }));
