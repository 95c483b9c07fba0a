import { assertAlmostEquals, assertEquals } from "@std/assert";
import { derivative, evaluate, polynomialOf } from "../../lib/autodiff/rules/polynomial.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import { floats, runOnce } from "./gradient_case.ts";

type Build = (b: GraphBuilder, x: Value) => Value;

const forms: Record<string, readonly [Build, readonly number[] | undefined]> = {
  "x itself": [(_b, x) => x, [0, 1]],
  "a constant": [(b) => b.scalar(4), [4]],
  "a power": [(b, x) => b.op("Pow", [x, b.scalar(3)]), [0, 0, 0, 1]],
  "a product of sums": [(b, x) => {
    const sum = b.op("Add", [x, b.scalar(2)]);
    return b.op("Mul", [sum, b.op("Add", [b.scalar(-2), x])]);
  }, [-4, 0, 1]],
  "a power that is not a whole number": [(b, x) => b.op("Pow", [x, b.scalar(0.5)]), undefined],
  "something else": [(b, x) => b.op("Add", [x, b.op("Sin", [x])]), undefined],
  "something of another input": [
    (b, x) => b.op("Add", [x, b.input("z", "float32", ["n"])]),
    undefined,
  ],
};

for (const [name, [build, expected]] of Object.entries(forms)) {
  Deno.test(`polynomialOf() reads ${name}`, () => {
    const b = new GraphBuilder();
    const x = b.input("x", "float32", ["n"]);
    assertEquals(polynomialOf(b, build(b, x), x), expected);
  });
}

Deno.test("polynomialOf() gives up on what is written too deep", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", ["n"]);
  let value = x;
  for (let i = 1; i < 9; i++) value = b.op("Add", [b.op("Mul", [value, x]), b.scalar(i)]);
  assertEquals(polynomialOf(b, value, x), undefined);
});

Deno.test("derivative() lowers every power", () => {
  assertEquals(derivative([7]), [0]);
  assertEquals(derivative([1, 2, 3, 4]), [2, 6, 12]);
});

for (const p of [[3], [0, 2], [1, 2], [5, 0, 2], [0, 2, 0, -1], [1, 0, 2, 0, 3], [1, -2, 3]]) {
  Deno.test(`evaluate() gives ${p} at some x`, async () => {
    const b = new GraphBuilder();
    const x = b.input("x", "float32", [3]);
    b.output(b.op("Add", [b.op("Mul", [x, b.scalar(0)]), evaluate(b, p, x)]), "y");
    const { y } = await runOnce(b.finish(), { x: floats([3], -1.5, 0, 2) });
    const wanted = [-1.5, 0, 2].map((at) => p.reduce((sum, c, i) => sum + c * at ** i, 0));
    Array.from(y!.data, Number).forEach((got, i) => assertAlmostEquals(got, wanted[i]!, 1e-5));
  });
}
