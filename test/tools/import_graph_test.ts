import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { folderGraph, importCircles, importGraph } from "./import_graph.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));
const modules = importGraph(root, ["lib", "stages", "datasets"]);

/** A graph from `a: b c` lines. */
function graphOf(...lines: string[]) {
  return new Map(lines.map((line) => {
    const [node, ...others] = line.split(/[: ]+/);
    return [node!, new Set(others.filter((other) => other !== ""))];
  }));
}

const circles: readonly [string, string[], string[][]][] = [
  ["none in a tree", ["a: b c", "b: d", "c: d", "d:"], []],
  ["one of two", ["a: b", "b: a"], [["a", "b"]]],
  ["one of three, and what hangs on it", ["a: b", "b: c", "c: a d", "d:"], [["a", "b", "c"]]],
  ["two that share no node", ["a: b", "b: a c", "c: d", "d: c"], [["c", "d"], ["a", "b"]]],
];

for (const [name, lines, expected] of circles) {
  Deno.test(`importCircles() finds ${name}`, () =>
    assertEquals(importCircles(graphOf(...lines)), expected));
}

Deno.test("importGraph() follows imports and types of every module", () => {
  assertEquals(
    modules.get("lib/pipeline/contract/slot.ts")?.has("lib/pipeline/contract/parameter_kind.ts"),
    true,
  );
  assertEquals(modules.size > 400, true);
});

Deno.test("no module imports one that imports it", () => {
  assertEquals(importCircles(modules), []);
});

Deno.test("no folder imports one that imports it", () => {
  assertEquals(importCircles(folderGraph(modules)), []);
});
