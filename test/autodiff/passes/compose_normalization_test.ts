import { assert, assertEquals } from "@std/assert";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../../../lib/onnx/build/builder.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { castTensor } from "../../../lib/tensor/convert.ts";
import type { DType } from "../../../lib/tensor/dtype.ts";
import { tensor } from "../../../lib/tensor/tensor.ts";
import { checkOnce, floats } from "../gradient_case.ts";

interface Spelling {
  readonly dtype?: DType;
  readonly meanAxis?: number;
  readonly bias?: readonly number[];
  readonly normal?: (b: GraphBuilder, c: Value, d: Value) => Value;
}

const quotient = (b: GraphBuilder, c: Value, d: Value) => b.op("Div", [c, d]);
const vector = (b: GraphBuilder, dtype: DType, values: readonly number[]) =>
  b.constant(castTensor(tensor("float64", [values.length], Float64Array.from(values)), dtype));

/** Layer normalisation as exporters spell it out. */
function spelledOut(spelling: Spelling = {}): Model {
  const { dtype = "float32", meanAxis = -1, bias = [0.5, 0, -1], normal = quotient } = spelling;
  const b = new GraphBuilder();
  const x = b.input("x", dtype, [2, 3]);
  const mean = (value: Value, axis: number) => b.op("ReduceMean", [value, b.int64s([axis])]);
  const c = b.op("Sub", [x, mean(x, meanAxis)]);
  const square = b.op("Pow", [c, b.scalar(2, dtype)]);
  const variance = b.op("Add", [mean(square, -1), b.scalar(1e-3, dtype)]);
  const scale = vector(b, dtype, [1, -2, 3]);
  const scaled = b.op("Mul", [scale, normal(b, c, b.op("Sqrt", [variance]))]);
  b.output(b.op("Add", [scaled, vector(b, dtype, bias)]), "y");
  return b.finish();
}

const opsOf = (model: Model) => {
  const step = addGradients(model, { cotangents: ["y"], wrt: ["x"] });
  return new Set(step.graph.nodes.map(({ opType }) => opType));
};

const composed: Record<string, Spelling> = {
  "a quotient": {},
  "a product with the inverse": {
    normal: (b, c, d) => b.op("Mul", [c, b.op("Reciprocal", [d])]),
  },
  "an axis counted from the front": { meanAxis: 1 },
};

for (const [name, spelling] of Object.entries(composed)) {
  Deno.test(`addGradients() takes layer normalisation written as ${name} for one op`, async () => {
    const model = spelledOut(spelling);
    const ops = opsOf(model);
    assert(ops.has("LayerNormalization") && !ops.has("Pow") && !ops.has("Sqrt"));
    const feeds = { x: floats([2, 3], -1, 0.5, 2, 3, 2.5, -0.5) };
    const wanted = { outputs: ["y"], wrt: ["x"] };
    const result = await checkOnce(model, feeds, wanted);
    assert(result.verdict === "ok", JSON.stringify(result));
  });
}

const left: Record<string, Spelling> = {
  "with a mean over another axis": { meanAxis: 0 },
  "in float64": { dtype: "float64" },
  "with a bias that is one number": { bias: [1] },
  "that divides something else": { normal: (b, c, d) => b.op("Div", [b.op("Sin", [c]), d]) },
};

for (const [name, spelling] of Object.entries(left)) {
  Deno.test(`addGradients() leaves a normalisation ${name} as it is`, () => {
    assertEquals(opsOf(spelledOut(spelling)).has("LayerNormalization"), false);
  });
}
