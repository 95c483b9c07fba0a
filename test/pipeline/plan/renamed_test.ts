import { assertEquals } from "@std/assert";
import { z } from "zod";
import { renderDiagnostics } from "../../../lib/diagnostic/render.ts";
import { defineStage } from "../../../lib/pipeline/contract/stage.ts";
import { planPipeline } from "../../../lib/pipeline/plan/expand.ts";
import { pipelineJsonSchema } from "../../../lib/pipeline/read/json_schema.ts";
import { parsePipeline } from "../../../lib/pipeline/read/parse.ts";

const stage = defineStage({
  name: "paint",
  description: "Paints.",
  with: z.strictObject({
    imageSize: z.int().max(64).optional(),
    colour: z.enum(["scarlet", "azure"]).optional(),
  }),
  outputs: { value: "json" },
  renamed: {
    parameters: { image: "imageSize" },
    words: { colour: { red: "scarlet", constructor: "azure" } },
  },
  run: () => Promise.resolve(),
});

/** What planning stages says, and the parameters of their tasks. */
async function planned(stages: string) {
  const parsed = await parsePipeline(`name: p\nstages:\n${stages}\n`, { path: "p.yaml" });
  if (!parsed.ok) throw new TypeError(parsed.error[0]!.message);
  const found = { stage, module: "file:///paint.ts" };
  const plan = await planPipeline(parsed.value, { names: ["paint"], get: () => found });
  const told = plan.ok ? plan.value.warnings ?? [] : plan.error;
  return {
    tasks: plan.ok ? plan.value.tasks.map(({ parameters }) => parameters) : undefined,
    told: told.map(({ severity, message, location, notes = [] }) =>
      [`${location?.line}:${location?.column} ${severity}: ${message}`, ...notes].join(" = ")
    ),
  };
}

const imageIsNow = 'warning: "image" is now called "imageSize"; the old name will be removed';
const redIsNow = 'warning: "red" is now called "scarlet"; the old name will be removed';

const cases: readonly (readonly [name: string, stages: string, tasks: unknown, told: string[]])[] =
  [
    ["new names", "  a: { uses: paint, with: { imageSize: 8, colour: azure } }", [
      { imageSize: 8, colour: "azure" },
    ], []],
    ["an old parameter", "  a: { uses: paint, with: { image: 8 } }", [{ imageSize: 8 }], [
      `3:29 ${imageIsNow}`,
    ]],
    ["an old word", "  a: { uses: paint, with: { colour: red } }", [{ colour: "scarlet" }], [
      `3:37 ${redIsNow}`,
    ]],
    [
      "an old name in many places, once",
      "  a: { uses: paint, matrix: { n: [1, 2] }, with: { image: 8 } }\n" +
      "  b: { uses: paint, with: { image: 9 } }",
      [{ imageSize: 8 }, { imageSize: 8 }, { imageSize: 9 }],
      [`3:52 ${imageIsNow} = also in stages.b.with.image`],
    ],
    [
      "an old word of an axis, where it is used",
      "  a: { uses: paint, matrix: { c: [azure, red] }, with: { colour: '${{ matrix.c }}' } }",
      [{ colour: "azure" }, { colour: "scarlet" }],
      [`3:66 ${redIsNow}`],
    ],
    ["both names", "  a: { uses: paint, with: { image: 8, imageSize: 9 } }", undefined, [
      '3:29 error: Cannot use both "imageSize" and "image", its old name = leave out "image"',
    ]],
    ["a wrong value under an old name", "  a: { uses: paint, with: { image: 99 } }", undefined, [
      `3:29 ${imageIsNow}`,
      "3:36 error: stages.a.with.imageSize must be at most 64, but is 99",
    ]],
    ["a word that no one had", "  a: { uses: paint, with: { colour: toString } }", undefined, [
      '3:37 error: stages.a.with.colour must be "scarlet" or "azure", but is "toString"',
    ]],
  ];

for (const [name, stages, tasks, told] of cases) {
  Deno.test(`planPipeline() reads ${name}`, async () => {
    const found = await planned(stages);
    assertEquals(found.told, told);
    assertEquals<unknown>(found.tasks, tasks);
  });
}

Deno.test("pipelineJsonSchema() has old names as deprecated ones", () => {
  const text = JSON.stringify(pipelineJsonSchema([stage]));
  for (const part of ['"const":"red","deprecated":true', '"image":{']) {
    assertEquals(text.includes(part), true, part);
  }
});

Deno.test("a warning is shown with its line", async () => {
  const parsed = await parsePipeline(
    "name: p\nstages:\n  a: { uses: paint, with: { image: 8 } }\n",
    { path: "p.yaml" },
  );
  if (!parsed.ok) throw new TypeError("it is not parsed");
  const found = { stage, module: "file:///paint.ts" };
  const plan = await planPipeline(parsed.value, { names: ["paint"], get: () => found });
  const text = renderDiagnostics(plan.ok ? plan.value.warnings ?? [] : [], {
    source: () => "name: p\nstages:\n  a: { uses: paint, with: { image: 8 } }\n",
  });
  assertEquals(text.split("\n")[0], `p.yaml:3:29: ${imageIsNow}`);
});
