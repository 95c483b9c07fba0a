import { assertEquals } from "@std/assert";
import { applyOverrides } from "../../../lib/pipeline/read/override.ts";

const shared = { rate: 1 };
const tree = {
  vars: { size: 1, list: ["a", "b"], deep: { x: 1 } },
  stages: { a: { uses: "step", with: shared }, b: { uses: "step", with: shared }, c: {} },
};

/** The tree after one value was set, or the message. */
function after(written: string): unknown {
  const result = applyOverrides(tree, [written]);
  return result.ok ? result.value.tree : result.error[0]!.message;
}

const { vars, stages } = tree;
const cases: readonly [string, unknown][] = [
  ["size=2", { vars: { ...vars, size: 2 }, stages }],
  ["vars.list=[c]", { vars: { ...vars, list: ["c"] }, stages }],
  ["vars.list.1=c", { vars: { ...vars, list: ["a", "c"] }, stages }],
  ["vars.deep.x=", { vars: { ...vars, deep: { x: null } }, stages }],
  // An alias makes `with` of both stages one object.
  ["stages.a.with.rate=2", { vars, stages: { ...stages, a: { uses: "step", with: { rate: 2 } } } }],
  ["stages.c.with.new=x=y", { vars, stages: { ...stages, c: { with: { new: "x=y" } } } }],
  ["siez=2", 'Cannot set "siez": the pipeline has no such value, did you mean "size"?'],
  [
    "vars.rate=2",
    'Cannot set "vars.rate": the pipeline has no such value, did you mean ' +
    '"stages.a.with.rate" or "stages.b.with.rate"?',
  ],
  [
    "stage.b.with.rate=2",
    'Cannot set "stage.b.with.rate": the pipeline has no such value, did you mean ' +
    '"stages.b.with.rate"?',
  ],
  ["vars.list.2=c", 'Cannot set "vars.list.2": the pipeline has no such value'],
  ["vars.size.x=1", 'Cannot set "vars.size.x": the pipeline has no such value'],
  ["size=[", 'Cannot set "size": its value is not YAML: ['],
  ["size=1e400", 'Cannot set "size": Infinity is not a number to compute with'],
  ["size=.inf", 'Cannot set "size": Infinity is not a number to compute with'],
];

for (const [written, expected] of cases) {
  Deno.test(`applyOverrides() with ${written}`, () => {
    const before = structuredClone(tree);
    const found = after(written);
    if (typeof expected === "string") {
      assertEquals((found as string).slice(0, expected.length), expected);
    } else assertEquals(found, expected);
    assertEquals(tree, before);
  });
}
