import { assertAlmostEquals, assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

type Build = (b: GraphBuilder, x: Value) => Value;

const matrix = (b: GraphBuilder, rows: number, columns: number) =>
  b.constant(tensor(
    "float32",
    [rows, columns],
    Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(3 * i + 1)),
  ));

const last = (b: GraphBuilder) => b.int64s([-1]);

/** Functions of x [2, 3] that use what transformers are made of. */
const functions: Record<string, Build> = {
  "a power": (b, x) => b.op("Pow", [x, b.scalar(3)]),
  "a quotient": (b, x) => b.op("Div", [b.scalar(1), b.op("Add", [b.op("Exp", [x]), b.scalar(1)])]),
  softmax: (b, x) => b.op("Softmax", [b.op("MatMul", [x, matrix(b, 3, 4)])], { axis: -1 }),
  "a norm": (b, x) => b.op("ReduceL2", [x, last(b)], { keepdims: 1 }),
  "an activation": (b, x) => b.op("Mul", [x, b.op("Sigmoid", [x])]),
  "a layer": (b, x) => b.op("Tanh", [b.op("MatMul", [b.op("Gelu", [x]), matrix(b, 3, 3)])]),
};

const shape = [2, 3] as const;
const x = tensor("float32", shape, new Float32Array([0.3, -0.7, 1.2, 0.5, 0.9, -1.1]));
const v = tensor("float32", shape, new Float32Array([1, -0.5, 0.25, -1, 0.75, 0.5]));

for (const [name, build] of Object.entries(functions)) {
  Deno.test(`addGradients() differentiates its own output: ${name}`, async () => {
    const b = new GraphBuilder({ opset: 20 });
    const y = build(b, b.input("x", "float32", shape));
    // A weight apart from 1, as some of these sum to a constant.
    b.output(b.op("Mul", [y, b.op("Cos", [y])]), "y");
    const first = addGradients(b.finish(), { of: "y", wrt: ["x"] });
    const second = addGradients(first, { cotangents: ["grad.x"], wrt: ["x"] });
    assertEquals(second.graph.outputs.map((o) => o.name), ["y", "grad.x", "grad.grad.x"]);
    await using once = await openSession(first, { provider: "cpu" });
    await using twice = await openSession(second, { provider: "cpu" });
    const { "grad.grad.x": product } = await twice.run({ x, "ct.grad.x": v });
    const step = 1e-2;
    const at = async (sign: number) => {
      const moved = Float32Array.from(x.data, (value, i) => value + sign * step * v.data[i]!);
      return (await once.run({ x: tensor("float32", shape, moved) }))["grad.x"] as Tensor<
        "float32"
      >;
    };
    const [plus, minus] = [await at(1), await at(-1)];
    product!.data.forEach((found, i) => {
      const expected = (plus.data[i]! - minus.data[i]!) / (2 * step);
      assertAlmostEquals(Number(found), expected, 5e-3 * Math.max(1, Math.abs(expected)), `${i}`);
    });
  });
}
