/** Files that declare shapes that are not true, and weights of types that tensors have not. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import { dataTypeOf, type StorageType } from "../../lib/onnx/ir/data_type.ts";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import type { Dim, Graph, Model, ValueType, Weight } from "../../lib/onnx/ir/model.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { runOnce } from "./gradient_case.ts";

function floats(dims: readonly number[], ...values: number[]): Tensor<"float32"> {
  return tensor("float32", dims, Float32Array.from(values));
}

const x = floats([3, 2], 0.5, -1, 2, 0.25, -0.75, 1);
const p = floats([1, 2], 0.5, -2);

/** loss = Σ exp(x W · p), whose rows are free. */
function model(): Model {
  const b = new GraphBuilder();
  const rows = b.input("x", "float32", ["n", 2]);
  const scale = b.input("p", "float32", [1, 2]);
  const weight = b.initializer("w", floats([2, 2], 1, 2, -1, 0.5));
  const [product] = b.node("MatMul", [rows, weight], { outputs: ["a"] }) as [Value];
  const [scaled] = b.node("Mul", [product, scale], { outputs: ["b"] }) as [Value];
  const [power] = b.node("Exp", [scaled], { outputs: ["c"] }) as [Value];
  b.node("ReduceSum", [power], { attributes: { keepdims: 0 }, outputs: ["loss"] });
  b.output("loss");
  return b.finish();
}

const declared: [name: string, dims: Readonly<Record<string, readonly Dim[]>>][] = [
  ["one row", { a: [1, 2], b: [1, 2], c: [1, 2] }],
  ["another number", { a: [7, 2], c: [7, 2] }],
  ["another rank", { a: [2], b: [1, 3, 2] }],
  ["names of other dimensions", { a: ["m", "m"], b: [1, "k"], c: ["k", "m"] }],
];

Deno.test("addGradients() gives the gradient of what runs, whatever shapes are declared", async () => {
  const gradientOf = async (given: Model) => {
    const step = addGradients(given, { of: "loss", wrt: ["x", "p"] });
    return await runOnce(decodeModel(encodeModel(step)), { x, p });
  };
  const right = await gradientOf(model());
  for (const [name, dims] of declared) {
    const types = Object.entries(dims).map(([value, shape]): [string, ValueType] => [
      value,
      { kind: "tensor", dtype: "float32", dims: shape },
    ]);
    const graph: Graph = { ...model().graph, values: new Map(types) };
    assertEquals(await gradientOf({ ...model(), graph }), right, name);
  }
});

Deno.test("addGradients() counts on no declared size of an op that it does not know", () => {
  const b = new GraphBuilder();
  const known = b.input("x", "float32", ["n", 2]);
  const own = b.op("Own", [b.input("z", "float32", ["m"])], {}, "acme");
  b.node("ReduceSum", [b.op("Mul", [known, own])], {
    attributes: { keepdims: 0 },
    outputs: ["loss"],
  });
  b.output("loss");
  const { graph, ...rest } = b.finish();
  const type = { kind: "tensor", dtype: "float32", dims: [1, 2] } as const;
  const declares = { ...rest, graph: { ...graph, values: new Map([[own, type]]) } };
  const step = addGradients(declares, { of: "loss", wrt: ["x"] });
  // The product is summed over what the run finds to be broadcast, not over what is declared.
  const ops = step.graph.nodes.map(({ opType }) => opType);
  assertEquals(ops.includes("NonZero"), true);
});

interface Rare {
  readonly dtype: StorageType;
  readonly bytes: readonly number[];
  /** The four numbers that the bytes are. */
  readonly numbers: readonly number[];
  readonly opset: number;
}

const rare: readonly Rare[] = [
  { dtype: "int4", bytes: [0x1f, 0x87], numbers: [-1, 1, 7, -8], opset: 21 },
  { dtype: "uint4", bytes: [0x1f, 0x87], numbers: [15, 1, 7, 8], opset: 21 },
  { dtype: "float8e4m3fn", bytes: [0x38, 0xc0, 0x30, 0x00], numbers: [1, -2, 0.5, 0], opset: 19 },
  { dtype: "float8e5m2", bytes: [0x3c, 0xc0, 0x38, 0x00], numbers: [1, -2, 0.5, 0], opset: 19 },
];

/** y = x · dequantised(w), with the weight as an initializer or as a Constant node. */
function dequantising({ dtype, bytes, opset }: Rare, isConstant: boolean): Model {
  const b = new GraphBuilder({ opset });
  const rows = b.input("x", "float32", [3, 2]);
  const weight: Weight = {
    dtype,
    dims: [2, 2],
    data: { kind: "inline", bytes: Uint8Array.from(bytes) },
  };
  const packed = isConstant
    ? b.node("Constant", [], {
      attributes: { value: { type: "tensor", value: weight } },
      outputs: ["w"],
    })[0]!
    : b.initializer("w", weight);
  const scale = b.input("s", "float32", []);
  b.node("MatMul", [rows, b.op("DequantizeLinear", [packed, scale])], { outputs: ["y"] });
  b.output("y");
  return decodeModel(encodeModel(b.finish()));
}

for (const row of rare) {
  for (const isConstant of [false, true]) {
    const place = isConstant ? "a Constant" : "an initializer";
    Deno.test(`addGradients() passes weights of ${row.dtype} in ${place}`, async () => {
      const given = dequantising(row, isConstant);
      const step = addGradients(given, { of: "y", wrt: ["x", "s"] });
      const results = await runOnce(decodeModel(encodeModel(step)), { x, s: floats([], 0.5) });
      const [a, b, c, d] = row.numbers as [number, number, number, number];
      const grads = Array.from(results["grad.x"]!.data as Float32Array);
      assertEquals(grads, [0, 1, 2].flatMap(() => [(a + b) / 2, (c + d) / 2]));
      const [left, right] = [0.5 + 2 - 0.75, -1 + 0.25 + 1];
      const slope = Number(results["grad.s"]!.data[0]);
      assertAlmostEquals(slope, left * (a + b) + right * (c + d), 1e-5);
    });
  }
}

Deno.test("addGradients() differentiates scales beside zero points of 4 bits", async () => {
  const b = new GraphBuilder({ opset: 21 });
  const packed = (name: string, dims: readonly number[], ...bytes: number[]) =>
    b.initializer(name, {
      dtype: "uint4",
      dims,
      data: { kind: "inline", bytes: Uint8Array.from(bytes) },
    });
  const inputs = [packed("w", [2, 2], 0x21, 0x43), b.input("s", "float32", [2, 1])];
  const attributes = { axis: 1, block_size: 2 };
  b.output(b.op("DequantizeLinear", [...inputs, packed("z", [2, 1], 0x51)], attributes), "y");
  const step = addGradients(b.finish(), { of: "y", wrt: ["s"] });
  const results = await runOnce(decodeModel(encodeModel(step)), { s: floats([2, 1], 1, 1) });
  // The weights 1, 2 and 3, 4 less the zero points 1 and 5.
  assertEquals(results["grad.s"]!.data, Float32Array.of(1, -3));
});

Deno.test("addGradients() refuses activations that are rounded to packed types", () => {
  const b = new GraphBuilder({ opset: 19 });
  const rounded = b.op("Cast", [b.input("x", "float32", [2])], { to: dataTypeOf.float8e4m3fn });
  b.output(b.op("Cast", [rounded], { to: dataTypeOf.float32 }), "y");
  const error = assertThrows(
    () => addGradients(b.finish(), { of: "y", wrt: ["x"] }),
    DiagnosticError,
  );
  assertEquals(
    error.message,
    'Cannot differentiate node "Cast_0" (Cast): it rounds an activation to float8e4m3fn, its derivative is zero almost everywhere',
  );
});

Deno.test("addGradients() takes BatchNormalization whose statistics are of another type than its input", async () => {
  for (const training of [0, 1]) {
    const gradientOf = async (dtype: "float16" | "float32") => {
      const b = new GraphBuilder({ opset: 15 });
      const image = b.op("Cast", [b.input("x", "float32", [3, 2])], { to: dataTypeOf[dtype] });
      const vectors = ["scale", "bias", "mean", "variance"].map((name) =>
        b.input(name, "float32", [2])
      );
      const attributes = training === 1 ? { training_mode: 1 } : {};
      const outputs = training === 1 ? 3 : 1;
      const [y] = b.node("BatchNormalization", [image, ...vectors], { attributes, outputs });
      b.output(b.op("Cast", [b.op("Mul", [y, y])], { to: dataTypeOf.float32 }), "y");
      const wrt = ["x", "scale", "bias"];
      const step = addGradients(b.finish(), { of: "y", wrt });
      const results = await runOnce(step, {
        ...{ x, scale: floats([2], 0.5, 2), bias: floats([2], 0.1, 0.2) },
        ...{ mean: floats([2], 0.25, -0.5), variance: floats([2], 1, 0.5) },
      });
      return wrt.flatMap((name) => Array.from(results[`grad.${name}`]!.data, Number));
    };
    const right = await gradientOf("float32");
    (await gradientOf("float16")).forEach((value, i) => assertAlmostEquals(value, right[i]!, 0.03));
  }
});

Deno.test("addGradients() asks for the rank of a scale, which tells what it holds for", () => {
  const b = new GraphBuilder();
  const weight = b.constant(tensor("uint8", [2], Uint8Array.of(3, 5)));
  b.output(b.op("DequantizeLinear", [weight, b.input("scale", "float32")]), "y");
  const error = assertThrows(
    () => addGradients(b.finish(), { of: "y", wrt: ["scale"] }),
    DiagnosticError,
  );
  assertEquals(
    error.message,
    'Cannot differentiate node "DequantizeLinear_0" (DequantizeLinear): the rank of "scale" is unknown',
  );
});

Deno.test("addGradients() keeps the mask index of EmbedLayerNormalization, which is 0 without a mask", async () => {
  const b = new GraphBuilder();
  const ids = b.constant(tensor("int32", [2, 2], Int32Array.of(0, 1, 1, 0)));
  const words = b.input("words", "float32", [2, 2]);
  const [one, zero] = [b.constant(floats([2], 1, 1)), b.constant(floats([2], 0, 0))];
  const places = b.constant(floats([2, 2], 1, 2, 3, 5));
  const [y, index] = b.node(
    "EmbedLayerNormalization",
    [ids, undefined, words, places, undefined, one, zero],
    { domain: "com.microsoft", outputs: 2 },
  );
  b.output(y!, "y");
  b.output(index!, "index");
  const step = addGradients(b.finish(), { of: "y", wrt: ["words"] });
  const results = await runOnce(step, { words: floats([2, 2], 1, 2, 4, 3) });
  assertEquals(results["index"]!.data, Int32Array.of(0, 0));
});

Deno.test("addGradients() refuses to rewrite an op of which another output is read", () => {
  const b = new GraphBuilder();
  const inputs = [b.input("x", "float32", [1, 2, 2]), b.input("skip", "float32", [1, 2, 2])];
  const [y, mean] = b.node("SkipLayerNormalization", [...inputs, b.constant(floats([2], 1, 2))], {
    domain: "com.microsoft",
    outputs: 2,
  });
  b.output(y!, "y");
  b.output(mean!, "mean");
  const error = assertThrows(
    () => addGradients(b.finish(), { of: "y", wrt: ["x"] }),
    DiagnosticError,
  );
  assertEquals(
    error.message,
    `Cannot differentiate node "${y}" (SkipLayerNormalization): its output "${mean}" is read, ` +
      `and only its output "${y}" can be rewritten`,
  );
});
