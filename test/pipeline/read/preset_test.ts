import { assert, assertEquals } from "@std/assert";
import { parsePipeline } from "../../../lib/pipeline/read/parse.ts";

const text = `name: demo
vars:
  preset: full
  steps: 400
  seeds: [0, 1, 2]
presets:
  full: {}
  small: { steps: 20, seeds: [0] }
stages:
  a: { uses: noop }
`;

const parse = (set: readonly string[] = [], file = text) =>
  parsePipeline(file, { path: "demo.yaml", set });

const cases: [string, readonly string[], Record<string, unknown>][] = [
  ["what the file says", [], { preset: "full", steps: 400, seeds: [0, 1, 2] }],
  ["another preset", ["preset=small"], { preset: "small", steps: 20, seeds: [0] }],
  ["a value by hand before the preset", ["steps=7", "preset=small"], {
    preset: "small",
    steps: 7,
    seeds: [0],
  }],
];
for (const [name, set, vars] of cases) {
  Deno.test(`applyPreset() takes ${name}`, async () => {
    const parsed = await parse(set);
    assert(parsed.ok);
    assertEquals(parsed.value.vars, vars);
  });
}

const mistakes: [string, readonly string[], string, string][] = [
  [
    "an unknown preset",
    ["preset=smal"],
    text,
    'Cannot choose a preset: the variable "preset" names one of full, small, it is "smal"; did you mean "small"?',
  ],
  [
    "presets without a choice",
    [],
    text.replace("  preset: full\n", ""),
    'Cannot choose a preset: the variable "preset" names one of full, small, there is none',
  ],
  [
    "a variable that the file lacks",
    [],
    text.replace("small: { steps", "small: { step"),
    'Cannot preset "step": vars has no such name, did you mean "steps"?',
  ],
];
for (const [name, set, file, message] of mistakes) {
  Deno.test(`applyPreset() rejects ${name}`, async () => {
    const parsed = await parse(set, file);
    assert(!parsed.ok);
    assertEquals(parsed.error.map((diagnostic) => diagnostic.message), [message]);
  });
}
