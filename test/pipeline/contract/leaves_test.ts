import { assertEquals } from "@std/assert";
import { leavesOf } from "../../../lib/pipeline/contract/leaves.ts";
import { Reference, Slot } from "../../../lib/pipeline/contract/slot.ts";

const task = { id: "data", index: 0, outputs: { train: "dataset" }, cell: {}, label: "" } as const;
const reference = new Reference(task, "train");
const slot = new Slot({ kind: "dataset" }, reference);

const cases: readonly (readonly [name: string, value: unknown, leaves: Record<string, unknown>])[] =
  [
    ["a text is its own leaf", "a", { "": "a" }],
    ["lists and maps are gone into, in their order", { b: [1, { c: null }], a: true }, {
      "b.0": 1,
      "b.1.c": null,
      a: true,
    }],
    ["a hole is a leaf", { a: undefined, b: [undefined] }, { a: undefined, "b.0": undefined }],
    ["a slot and a reference are leaves", { data: slot, all: [reference] }, {
      data: slot,
      "all.0": reference,
    }],
    ["what is empty has none", { a: [], b: {} }, {}],
  ];

for (const [name, value, leaves] of cases) {
  Deno.test(`leavesOf(): ${name}`, () => {
    const found = [...leavesOf(value)].map(({ path, value }) => [path.join("."), value]);
    assertEquals(found, Object.entries(leaves));
  });
}

Deno.test("leavesOf() begins at a path, and tells indices of lists as numbers", () => {
  assertEquals([...leavesOf([[7]], ["with"])], [{ value: 7, path: ["with", 0, 0] }]);
});

Deno.test("leavesOf() goes as deep as a value is", () => {
  let deep: unknown = "bottom";
  for (let level = 0; level < 5_000; level++) deep = [deep];
  const [leaf] = leavesOf(deep);
  assertEquals([leaf?.value, leaf?.path.length], ["bottom", 5_000]);
});

Deno.test("leavesOf() walks over a list of any length", () => {
  const list = Array.from({ length: 300_000 }, (_, i) => i);
  assertEquals(Array.from(leavesOf({ list }), ({ value }) => value), list);
});
