import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { canonicalJson } from "../../../lib/pipeline/contract/canonical.ts";
import { explainKey } from "../../../lib/pipeline/plan/explain.ts";
import type { Digest, KeyPreimage } from "../../../lib/pipeline/contract/key.ts";
import { type ResolvedTask, resolveTask } from "../../../lib/pipeline/plan/resolve.ts";
import { memoryDigests } from "../../rigs/memory_store.ts";
import { planText, rigResolver } from "../../rigs/pipeline_rig.ts";

async function keyOfText(text: string): Promise<ResolvedTask> {
  const plan = await planText(text);
  const digests = memoryDigests();
  return await resolveTask(plan.tasks[0]!, {
    resolver: rigResolver,
    outputsOf: () => ({}),
    codeOf: (module) => digests.code(new URL(module)),
  });
}

const parameters = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[a-z]{1,8}$/), fc.array(fc.integer())),
  { minKeys: 1, maxKeys: 6 },
);

function textOf(values: Record<string, unknown>): string {
  const lines = Object.entries(values).map(([key, value]) =>
    `      ${JSON.stringify(key)}: ${JSON.stringify(value)}\n`
  );
  return `name: keys\nstages:\n  a:\n    uses: step\n    with:\n${lines.join("")}`;
}

Deno.test("a key does not change when the YAML keys are reordered", async () => {
  await fc.assert(
    fc.asyncProperty(parameters, async (values) => {
      const reversed = Object.fromEntries(Object.entries(values).reverse());
      assertEquals((await keyOfText(textOf(values))).key, (await keyOfText(textOf(reversed))).key);
    }),
    { numRuns: 60, seed: 11 },
  );
});

Deno.test("a key changes with any parameter", async () => {
  const changed = fc.tuple(parameters, fc.nat(), fc.oneof(fc.integer(), fc.constant("changed")));
  await fc.assert(
    fc.asyncProperty(changed, async ([values, at, value]) => {
      const names = Object.keys(values);
      const name = names[at % names.length]!;
      fc.pre(values[name] !== value);
      const other = { ...values, [name]: value };
      assertNotEquals((await keyOfText(textOf(values))).key, (await keyOfText(textOf(other))).key);
    }),
    { numRuns: 60, seed: 12 },
  );
});

Deno.test("a key depends on the declared environment and on nothing of the schedule", async () => {
  const text = (extra: string) =>
    `name: keys\nstages:\n  a: { uses: step, with: { n: 1 }${extra} }`;
  const plain = (await keyOfText(text(""))).key;
  assertNotEquals((await keyOfText(text(", env: { MODE: fast }"))).key, plain);
  assertEquals(
    (await keyOfText(text(", timeout: 3h, retries: 2, resources: { cpu: 1 }"))).key,
    plain,
  );
});

const canonical: readonly [unknown, string][] = [
  [{ b: 1, a: [true, null] }, '{"a":[true,null],"b":1}'],
  [{ "é": 1, z: 2, Z: 3 }, '{"Z":3,"z":2,"é":1}'],
  [-0, "0"],
  [1e21, "1e+21"],
  [{ gone: undefined, kept: "x" }, '{"kept":"x"}'],
];

Deno.test("canonicalJson() gives one text for one value", () => {
  for (const [value, text] of canonical) assertEquals(canonicalJson(value), text);
  assertThrows(() => canonicalJson(NaN), TypeError, "Cannot write NaN as JSON");
});

const before: KeyPreimage = {
  format: 1,
  stage: "step",
  code: "c0" as Digest,
  parameters: { steps: 100, sizes: [1, 2], model: { $model: "aa" } },
  environment: {},
};

Deno.test("explainKey() names the fields that differ, with old and new value", () => {
  const after: KeyPreimage = {
    ...before,
    parameters: { steps: 200, sizes: [1, 3], model: { $model: "aa" }, extra: true },
  };
  assertEquals(explainKey(before, after), [
    { field: "parameters.extra", before: undefined, after: true },
    { field: "parameters.sizes[1]", before: 2, after: 3 },
    { field: "parameters.steps", before: 100, after: 200 },
  ]);
  assertEquals(explainKey(before, { ...before, code: "c1" as Digest }), [
    { field: "code", before: "c0", after: "c1" },
  ]);
  assertEquals(explainKey(before, structuredClone(before)), []);
});
