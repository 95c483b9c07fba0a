import { assert, assertEquals, assertThrows } from "@std/assert";
import { BuildError, GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { composeModels } from "../../../lib/onnx/passes/compose.ts";
import { inferShapes } from "../../../lib/onnx/infer/infer_shapes.ts";
import type { Dim, Model, Weight } from "../../../lib/onnx/ir/model.ts";
import { pruneModel } from "../../../lib/onnx/passes/prune.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { fromNumbers, toNumbers } from "../../../lib/tensor/convert.ts";

/** y = x · w, z = x + 1. */
function linear(w: Weight | readonly number[], opset = 18): Model {
  const b = new GraphBuilder({ opset });
  const x = b.input("x", "float32", ["n", 2]);
  const weight = Array.isArray(w)
    ? fromNumbers("float32", [2, 2], w as readonly number[])
    : w as Weight;
  b.output(b.op("MatMul", [x, b.initializer("w", weight)]), "y");
  b.output(b.op("Add", [x, b.scalar(1)]), "z");
  return b.finish();
}

const external: Weight = {
  dtype: "float32",
  dims: [2, 2],
  data: { kind: "external", directory: "/m", location: "w.bin", offset: 0, length: 16 },
};

Deno.test("composeModels() runs one part after another", async () => {
  const model = composeModels([
    { name: "a", model: linear([1, 2, 3, 4]) },
    { name: "b", model: linear([0, 1, 1, 0], 20), connect: { x: "a.y" } },
  ]);
  assertEquals(checkModel(model), []);
  assertEquals([model.opset, model.graph.inputs.map((i) => i.name)], [20, ["a.x"]]);
  await using session = await openSession(inferShapes(model));
  const { "b.y": y } = await session.run({ "a.x": fromNumbers("float32", [1, 2], [1, 1]) });
  assertEquals([...toNumbers(y!)], [6, 4]);
});

Deno.test("composeModels() shares inputs and equal weights", () => {
  const model = composeModels([
    { name: "a", model: linear(external), connect: { x: "image" } },
    { name: "b", model: linear(external), connect: { x: "image" } },
  ]);
  assertEquals(model.graph.inputs.map((i) => i.name), ["image"]);
  assertEquals([...model.graph.initializers.values()].filter((w) => w.dims.length === 2), [
    external,
  ]);
});

Deno.test("composeModels() makes dimensions equal where parts are connected, and nowhere else", async () => {
  const model = composeModels([
    { name: "a", model: linear([1, 2, 3, 4]), connect: { x: "image" } },
    { name: "b", model: linear([0, 1, 1, 0]), connect: { x: "a.y" } },
    { name: "c", model: linear([1, 2, 3, 5]) },
  ]);
  const dims = new Map(
    [...model.graph.inputs, ...model.graph.outputs].map(({ name, type }) => [name, type]),
  );
  const first = (name: string) => (dims.get(name) as { dims: readonly Dim[] }).dims[0];
  assertEquals(["image", "a.y", "b.y", "c.x", "c.y"].map(first), ["n", "n", "n", "c.n", "c.n"]);
  await using session = await openSession(inferShapes(model));
  const { "b.y": b, "c.y": c } = await session.run({
    image: fromNumbers("float32", [1, 2], [1, 1]),
    "c.x": fromNumbers("float32", [2, 2], [1, 1, 0, 1]),
  });
  assertEquals([[...toNumbers(b!)], [...toNumbers(c!)]], [[6, 4], [4, 7, 3, 5]]);
});

Deno.test("composeModels() keeps apart weights that differ", () => {
  const model = composeModels([
    { name: "a", model: linear([1, 2, 3, 4]) },
    { name: "b", model: linear([1, 2, 3, 5]) },
  ]);
  const names = [...model.graph.initializers.keys()].filter((name) => name.endsWith("w"));
  assertEquals(names, ["a.w", "b.w"]);
});

Deno.test("composeModels() says which connection is wrong", () => {
  const part = { name: "a", model: linear([1, 2, 3, 4]) };
  assertThrows(
    () => composeModels([{ ...part, connect: { q: "image" } }]),
    BuildError,
    `Cannot connect "q" of part "a": its inputs are "x"`,
  );
  assertThrows(() => composeModels([part, part]), BuildError, `two parts have the name "a"`);
});

Deno.test("pruneModel() keeps what the outputs need", () => {
  const pruned = pruneModel(linear([1, 2, 3, 4]), ["z"]);
  assertEquals(pruned.graph.nodes.map((n) => n.opType), ["Add", "Identity"]);
  assert(!pruned.graph.initializers.has("w"));
  assertThrows(() => pruneModel(pruned, ["q"]), BuildError, `Cannot keep output "q"`);
});
