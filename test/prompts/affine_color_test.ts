import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { affineColor } from "../../lib/prompts/affine_color.ts";
import {
  initialParameters,
  parameterPlaces,
  parameterRates,
} from "../../lib/prompts/prompt_parameters.ts";
import { parameterTensors } from "../../lib/tensor/flat_parameters.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

const sizes = { canvas: 8, image: 6 };
const transformation = affineColor.transformation!;
const places = parameterPlaces("affine-color", sizes);
const random = new Random("affine");
const normal = (size: number) => Float32Array.from({ length: size }, () => random.normal());

const images = tensor("float32", [2, 3, 8, 8], normal(2 * 3 * 64));
const weights = tensor("float32", [2, 3, 8, 8], normal(2 * 3 * 64));

/** Turned, moved, sheared, recoloured. */
const parameters = {
  affine: tensor("float32", [2, 3], new Float32Array([1.2, 0.3, 0.11, -0.25, 0.9, -0.07])),
  color: tensor(
    "float32",
    [3, 4],
    new Float32Array([0.9, 0.1, 0, 0.2, 0, 1.1, -0.2, 0, 0.3, 0, 0.8, -0.1]),
  ),
};

const plain = (values: Record<string, Tensor<"float32">>, pixels = images.data) =>
  transformation.apply(
    pixels,
    Object.fromEntries(Object.entries(values).map(([name, x]) => [name, x.data])),
    sizes,
  );

function graph() {
  const builder = new GraphBuilder({ opset: 18 });
  const image = builder.input("images", "float32", ["batch", 3, 8, 8]);
  const values = Object.fromEntries(
    transformation.parameters.map(({ name, dims }) => [name, builder.input(name, "float32", dims)]),
  );
  const out = transformation.build(builder, image, values, sizes);
  builder.output(out, "pixels");
  const weighted = builder.op("Mul", [out, builder.constant(weights)]);
  builder.output(builder.op("ReduceSum", [weighted], { keepdims: 0 }), "loss");
  return builder.finish();
}

Deno.test("affine-color: the graph and plain arrays agree", async () => {
  await using session = await openSession(graph(), { provider: "cpu" });
  const { pixels } = await session.run({ images, ...parameters }, ["pixels"]);
  assertEquals(pixels!.dims, [2, 3, 8, 8]);
  plain(parameters).forEach((x, i) => assertAlmostEquals(pixels!.data[i] as number, x, 1e-5));
});

Deno.test("affine-color: gradients agree with differences", async () => {
  const model = addGradients(graph(), { of: "loss", wrt: ["affine", "color"] });
  await using session = await openSession(model, { provider: "cpu" });
  const outputs = await session.run({ images, ...parameters });
  const lossOf = (values: Record<string, Tensor<"float32">>) =>
    plain(values).reduce((sum, x, i) => sum + x * weights.data[i]!, 0);
  for (const name of ["affine", "color"] as const) {
    const grad = outputs[`grad.${name}`]!;
    assertEquals(grad.dims, parameters[name].dims);
    grad.data.forEach((g, i) => {
      const at = (shift: number) => {
        const data = parameters[name].data.slice();
        data[i]! += shift;
        return lossOf({ ...parameters, [name]: tensor("float32", grad.dims, data) });
      };
      const difference = (at(1e-3) - at(-1e-3)) / 2e-3;
      assertAlmostEquals(Number(g), difference, 0.05 * Math.max(1, Math.abs(difference)));
    });
  }
});

Deno.test("affine-color begins with the image shrunk in the middle, its colours kept", () => {
  const { affine, color } = parameterTensors(places, initialParameters("affine-color", sizes));
  const white = new Float32Array(3 * 64).fill(1);
  const out = plain({ affine: affine!, color: color! }, white);
  const inside = out.filter((x) => x === 1).length / 3;
  const empty = out.filter((x) => x === 0).length / 3;
  assertEquals([inside, empty], [36, 28]);
  const whole = {
    ...parameters,
    affine: tensor("float32", [2, 3], new Float32Array([1, 0, 0, 0, 1, 0])),
  };
  const same = plain({ ...whole, color: color! });
  same.forEach((x, i) => assertAlmostEquals(x, images.data[i]!, 1e-5));
});

Deno.test("parameterPlaces() and parameterRates() lay out δ, then the transformation", () => {
  assertEquals(places.map(({ name, start, end }) => [name, start, end]), [
    ["delta", 0, 192],
    ["affine", 192, 198],
    ["color", 198, 210],
  ]);
  const rates = parameterRates("affine-color", sizes, 0.25);
  assert(rates.subarray(0, 192).every((rate) => rate === 1));
  assert(rates.subarray(192).every((rate) => rate === 0.25));
  const frame = parameterRates("frame", sizes, 0.25);
  assertEquals([frame.length, frame[0], frame[3 * 8 + 3]], [192, 1, 0]);
});
