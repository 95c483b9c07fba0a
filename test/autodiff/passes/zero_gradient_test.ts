import { assertEquals } from "@std/assert";
import { differentiateModel } from "../../../lib/autodiff/gradient.ts";
import type { ZeroGradient } from "../../../lib/autodiff/passes/zero_gradient.ts";
import { GraphBuilder, type Value } from "../../../lib/onnx/build/builder.ts";

interface Row {
  readonly build: (b: GraphBuilder, x: Value) => Value;
  /** Undefined where the gradient is not zero by rule. */
  readonly zero?: Omit<ZeroGradient, "name">;
}

const ends = (...operators: string[]) => ({ matters: true, operators });
const toFloat = { to: 1 };

const rows: Readonly<Record<string, Row>> = {
  "a product": { build: (b, x) => b.op("Mul", [x, x]) },
  "one way of two": { build: (b, x) => b.op("Mul", [x, b.op("Round", [x])]) },
  "one rounding": { build: (b, x) => b.op("Exp", [b.op("Round", [x])]), zero: ends("Round") },
  "two ways": {
    build: (b, x) => b.op("Mul", [b.op("Floor", [b.op("Exp", [x])]), b.op("Sign", [x])]),
    zero: ends("Floor", "Sign"),
  },
  "the same twice": {
    build: (b, x) => b.op("Mul", [b.op("Round", [b.op("Exp", [x])]), b.op("Round", [x])]),
    zero: ends("Round"),
  },
  "only the first end counts": {
    build: (b, x) => b.op("Floor", [b.op("Round", [x])]),
    zero: ends("Round"),
  },
  "integers": {
    build: (b, x) => b.op("Cast", [b.op("Cast", [x], { to: 7 })], toFloat),
    zero: ends("Cast"),
  },
  "the places of what is largest": {
    build: (b, x) => b.op("Cast", [b.node("TopK", [x, b.int64s([1])], { outputs: 2 })[1]], toFloat),
    zero: ends("TopK"),
  },
  "boxes": {
    build: (b, x) => {
      const boxes = b.op("Reshape", [x, b.int64s([1, -1, 4])]);
      const scores = b.constant({ dtype: "float32", dims: [1, 1, 1], data: new Float32Array(1) });
      return b.op("Cast", [b.op("NonMaxSuppression", [boxes, scores])], toFloat);
    },
    zero: ends("NonMaxSuppression"),
  },
  "another input": {
    build: (b) => b.op("Neg", [b.input("z", "float32", [4])]),
    zero: { matters: false, operators: [] },
  },
};

Deno.test("differentiateModel() says which gradients are zero, and which operators make them so", () => {
  for (const [name, { build, zero }] of Object.entries(rows)) {
    const b = new GraphBuilder();
    b.output(build(b, b.input("x", "float32", [4])), "y");
    const { zeros } = differentiateModel(b.finish(), { of: "y", wrt: ["x"] });
    assertEquals(zeros, zero === undefined ? [] : [{ name: "x", ...zero }], name);
  }
});
