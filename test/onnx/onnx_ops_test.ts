/** Operators against the node tests of ONNX itself (test/golden/make_onnx_ops.py). */
import { assert, assertEquals } from "@std/assert";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import { foldConstants } from "../../lib/onnx/passes/fold_constants.ts";
import { inferShapes } from "../../lib/onnx/infer/infer_shapes.ts";
import { opTable } from "../../lib/onnx/infer/table.ts";
import type { Model, Node, Weight } from "../../lib/onnx/ir/model.ts";
import { tensorFromWeight, weightFromTensor } from "../../lib/onnx/ir/weight.ts";
import { fromNumbers, toNumbers } from "../../lib/tensor/convert.ts";
import type { DType } from "../../lib/tensor/dtype.ts";

interface Value {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly elements?: readonly number[];
}

interface Case {
  readonly name: string;
  readonly model: string;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly outputs: Readonly<Record<string, Value>>;
}

const cases: readonly Case[] = JSON.parse(
  Deno.readTextFileSync(new URL("../golden/onnx_ops.json", import.meta.url)),
);

/** Outputs whose shapes depend on values, not only on shapes and constants. */
const dataDependent = new Set([
  "NonMaxSuppression",
  "NonZero",
  "Loop",
  "Compress",
  "Unique",
  "ImageDecoder",
]);

function weightOf({ dtype, dims, elements }: Value): Weight | undefined {
  return elements && weightFromTensor(fromNumbers(dtype, dims, elements));
}

/** The model with small inputs as weights, and with nothing declared about its outputs. */
function withWeights(row: Case, model: Model, isWeight: (value: Value) => boolean): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [name, value] of Object.entries(row.inputs)) {
    const weight = isWeight(value) ? weightOf(value) : undefined;
    if (weight !== undefined) initializers.set(name, weight);
  }
  const graph = {
    ...model.graph,
    initializers,
    inputs: model.graph.inputs.filter((i) => !initializers.has(i.name)),
    outputs: model.graph.outputs.map(({ name }) => ({ name, type: { kind: "unknown" as const } })),
    values: new Map(),
  };
  return { ...model, graph };
}

function readModel(row: Case): Model {
  return decodeModel(Uint8Array.from(atob(row.model), (c) => c.charCodeAt(0)));
}

Deno.test("inferShapes() gives the types that ONNX's node tests have", () => {
  for (const row of cases) {
    const model = readModel(row);
    const op = model.graph.nodes[0]!.opType;
    const inferred = inferShapes(withWeights(row, model, (v) => v.dims.length < 2));
    for (const { name, type } of inferred.graph.outputs) {
      const { dtype, dims } = row.outputs[name]!;
      assert(type.kind === "tensor", `${row.name}: ${name} has no type`);
      assertEquals(type.dtype, dtype, row.name);
      assertEquals(type.dims?.length, dims.length, row.name);
      const sizes: (number | undefined)[] = type.dims!.map((d, axis) =>
        typeof d === "string" ? dims[axis] : d
      );
      assertEquals(sizes, [...dims], row.name);
      const known = type.dims!.every((d) => typeof d === "number");
      assert(known || dataDependent.has(op), `${row.name}: a size is not known`);
    }
  }
});

/** Gives each output a reader, so that the node itself may be folded away. */
function withReaders(model: Model): Model {
  const reader = (name: string): Node => ({
    name: "",
    opType: "Identity",
    domain: "",
    inputs: [name],
    outputs: [`${name}/read`],
    attributes: {},
  });
  const names = model.graph.outputs.map((o) => o.name);
  const outputs = names.map((name) => ({
    name: `${name}/read`,
    type: { kind: "unknown" as const },
  }));
  const nodes = [...model.graph.nodes, ...names.map(reader)];
  return { ...model, graph: { ...model.graph, nodes, outputs } };
}

Deno.test("foldConstants() computes what ONNX's node tests have", () => {
  const folded = new Set<string>();
  for (const row of cases) {
    const model = readModel(row);
    const op = model.graph.nodes[0]!.opType;
    const { graph } = foldConstants(withReaders(withWeights(row, model, () => true)));
    for (const [name, expected] of Object.entries(row.outputs)) {
      const weight = graph.initializers.get(name);
      if (weight === undefined || expected.elements === undefined) continue;
      folded.add(op);
      const result = tensorFromWeight(weight);
      assertEquals([result.dtype, result.dims], [expected.dtype, expected.dims], row.name);
      const numbers = toNumbers(result);
      const tolerance = expected.dtype === "float16" ? 2e-3 : 1e-6;
      const close = expected.elements.every((x, i) =>
        Math.abs(x - numbers[i]!) <= tolerance * Math.max(1, Math.abs(x))
      );
      assert(close, `${row.name}: ${numbers} is not ${expected.elements}`);
    }
  }
  assert(folded.size >= 45, `only ${folded.size} operators were folded`);
});

Deno.test("the table of operators has a row for each operator that has a recorded case", () => {
  const missing = new Set(cases.map((row) => readModel(row).graph.nodes[0]!.opType))
    .difference(new Set(Object.keys(opTable[""]!)));
  assertEquals([...missing], []);
});
