import { assertEquals, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { allStages } from "../../lib/cli/commands/stages.ts";
import { stageReference } from "../../lib/pipeline/plan/stage_reference.ts";
import { artifact, builtInOrOwn, dataset, file, model } from "../../lib/pipeline/contract/stage.ts";
import { inFolder, tvp } from "./workplace.ts";

Deno.test("every parameter of every stage type says what it is", async () => {
  for (const { name, description, parameters } of await allStages()) {
    const silent = parameters.filter((each) => each.description === "").map((each) => each.name);
    assertEquals([description === "", silent], [false, []], name);
  }
});

Deno.test("stageReference() tells types, bounds and defaults in words", () => {
  const schema = z.strictObject({
    models: z.union([model(), z.array(model()).min(1)]).describe("m"),
    data: artifact("dataset").describe("d"),
    set: dataset().optional().describe("s"),
    script: file().describe("f"),
    kind: builtInOrOwn("prompt-kind", { frame: 1, full: 2 }).optional().describe("k"),
    count: z.int().min(1).default(16).describe("c"),
    share: z.number().gt(0).max(100).optional().describe("h"),
    flag: z.boolean().default(false).describe("b"),
    inner: z.strictObject({ radius: z.number().positive().describe("r") }).optional().describe("i"),
    free: z.record(z.string(), z.json()).default({}).describe("p"),
  });
  const { parameters, outputs } = stageReference({
    name: "x",
    description: "X.",
    with: schema,
    outputs: { out: "json" },
    run: () => Promise.resolve(),
  });
  const told = parameters.map(({ name, type, isRequired, default: value }) =>
    `${name}: ${type}${isRequired ? "!" : ""}${
      value === undefined ? "" : ` = ${JSON.stringify(value)}`
    }`
  );
  assertEquals(told, [
    "models: model, or list of: model!",
    "data: dataset!",
    "set: name of a data set",
    "script: path of a file!",
    "kind: frame | full, or kind of prompt of your own",
    "count: whole number from 1 = 16",
    "share: number above 0 to 100",
    "flag: true | false = false",
    "inner: map",
    "inner.radius: number above 0!",
    "free: map of names to: anything = {}",
  ]);
  assertEquals(outputs, [{ name: "out", type: "json" }]);
});

Deno.test("tvp stages lists stage types, describes one, and says which there are", () =>
  inFolder(async (folder) => {
    const list = await tvp(folder, "stages");
    assertStringIncludes(list.out, "load-dataset       Loads or draws a data set");
    const one = await tvp(folder, "stages", "load-dataset");
    assertStringIncludes(one.out, "  seed        whole number from 0; default 0\n");
    assertStringIncludes(one.out, "outputs:\n  train       dataset\n");
    const { code, err } = await tvp(folder, "stages", "load-datset");
    assertEquals([code, err.split("\n")[1]], [2, '  = did you mean "load-dataset"?']);
  }));
