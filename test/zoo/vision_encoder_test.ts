import { assert, assertEquals } from "@std/assert";
import { notedWeights, seededWeights } from "../../lib/zoo/module.ts";
import {
  type EncoderSizes,
  tokenCount,
  tokenLayout,
  visionEncoder,
} from "../../lib/zoo/vision_encoder.ts";
import { zooEncoders } from "../../lib/zoo/encoder_table.ts";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { checkModel } from "../../lib/onnx/infer/check.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

const cpu = { provider: "cpu", threads: 1 } as const;
const tiny = {
  model_type: "convnext",
  image_size: 16,
  patch_size: 2,
  hidden_sizes: [4, 6],
  depths: [1, 2],
  hidden_act: "gelu",
} as const;

function pixels(size: number, count = 1): Tensor<"float32"> {
  const random = new Random(3);
  const data = Float32Array.from({ length: count * 3 * size * size }, () => random.normal());
  return tensor("float32", [count, 3, size, size], data);
}

Deno.test("visionEncoder() gives the tokens that its sizes promise", async () => {
  for (const [name, { sizes }] of Object.entries(zooEncoders)) {
    const model = visionEncoder(sizes, seededWeights(1));
    assertEquals(checkModel(model), [], name);
    await using session = await openSession(model, cpu);
    const { last_hidden_state: tokens } = await session.run({
      pixel_values: pixels(sizes.image_size, 2),
    });
    assertEquals(tokens!.dims, [2, tokenCount(sizes), tokenLayout(sizes).width], name);
  }
});

Deno.test("positions of a vision transformer start alike for neighbours, and differ for all", () => {
  const { sizes } = zooEncoders["vit-encoder"];
  const name = "vision_model.embeddings.position_embedding.weight";
  const noted: Record<string, Tensor<"float32">> = {};
  visionEncoder(sizes, notedWeights(seededWeights(1), noted));
  const { data, dims: [tokens, width] } = noted[name]! as Tensor<"float32"> & {
    dims: readonly [number, number];
  };
  const { side } = tokenLayout(sizes);
  const row = (token: number) => data.subarray(token * width, (token + 1) * width);
  const distance = (a: number, b: number) =>
    Math.hypot(...row(1 + a).map((value, i) => value - row(1 + b)[i]!));
  assertEquals([tokens, Math.hypot(...row(0))], [1 + side ** 2, 0]);
  for (const neighbour of [1, side]) {
    assert(distance(0, neighbour) < 0.7 * distance(0, 3 * neighbour), `${neighbour}`);
  }
  for (let a = 1; a < side ** 2; a++) {
    for (let b = 0; b < a; b++) assert(distance(a, b) > 0.5, `${a} and ${b}`);
  }
});

Deno.test("a ConvNeXt sees where things are: a shifted image gives shifted tokens", async () => {
  const sizes = { ...tiny, image_size: 64, depths: [1, 1] };
  await using session = await openSession(visionEncoder(sizes, seededWeights(1)), cpu);
  const { side, width } = tokenLayout(sizes);
  const black = new Float32Array(3 * 64 * 64);
  const dotAt = (place: number) => {
    const data = black.slice();
    for (let i = 0; i < 4; i++) data[(4 * place + i) * 64 + 4 * place] = 5;
    return tensor("float32", [1, 3, 64, 64], data);
  };
  const tokens = async (place: number) => {
    const { last_hidden_state: found } = await session.run({ pixel_values: dotAt(place) });
    return (token: number) => found!.data.slice(token * width, (token + 1) * width) as Float32Array;
  };
  const [a, b] = [await tokens(7), await tokens(8)];
  const [from, to] = [a(7 * side + 7), b(8 * side + 8)];
  from.forEach((value, i) => assert(Math.abs(value - to[i]!) < 1e-4, `channel ${i}`));
  assert(from.some((value, i) => Math.abs(value - b(7 * side + 7)[i]!) > 1e-3));
});

const tinyResNet = {
  model_type: "resnet",
  image_size: 16,
  embedding_size: 4,
  hidden_sizes: [4, 6],
  depths: [1, 1],
  groups: 2,
} as const;

Deno.test("a ResNet normalises groups of channels: a brighter image gives nearly the same tokens", async () => {
  const sizes = zooEncoders["resnet-encoder"].sizes;
  await using session = await openSession(visionEncoder(sizes, seededWeights(1)), cpu);
  const x = pixels(64);
  const tokens = async (gain: number) => {
    const bright = { ...x, data: x.data.map((value) => gain * value) };
    return (await session.run({ pixel_values: bright })).last_hidden_state!.data as Float32Array;
  };
  const [plain, bright] = [await tokens(1), await tokens(2)];
  const size = Math.sqrt(plain.reduce((sum, value) => sum + value * value, 0));
  const change = Math.hypot(...plain.map((value, i) => value - bright[i]!));
  assert(size > 1 && change < 0.01 * size, `${change} of ${size}`);
});

const derived = { ConvNeXt: { sizes: tiny, places: 16 }, ResNet: { sizes: tinyResNet, places: 4 } };

Deno.test("encoders of convolutions have the gradient of their pixels", async () => {
  for (const [name, { sizes, places }] of Object.entries(derived)) {
    await assertGradient(name, sizes, places);
  }
});

async function assertGradient(name: string, sizes: EncoderSizes, places: number): Promise<void> {
  const output = "last_hidden_state";
  const model = addGradients(visionEncoder(sizes, seededWeights(1)), {
    cotangents: [output],
    wrt: ["pixel_values"],
  });
  await using session = await openSession(model, cpu);
  const random = new Random(9);
  const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const x = pixels(16);
  const weights = tensor("float32", [1, places, 6], normal(places * 6));
  const run = (data: Float32Array) =>
    session.run({ pixel_values: { ...x, data }, [`ct.${output}`]: weights });
  const product = (a: Tensor, b: ArrayLike<number>) =>
    Array.from(b).reduce((total, value, i) => total + value * Number(a.data[i]), 0);
  const { "grad.pixel_values": grad } = await run(x.data);
  const direction = normal(x.data.length);
  const step = 5e-4; // short, because of the kinks of ReLU
  const along = async (sign: number) =>
    product(
      (await run(x.data.map((value, i) => value + sign * step * direction[i]!)))[output]!,
      weights.data as Float32Array,
    );
  const measured = (await along(1) - await along(-1)) / (2 * step);
  const derived = product(grad!, direction);
  assert(Math.abs(derived) > 0.1, `${name}: ${derived}`);
  const isNear = Math.abs(measured - derived) < 1e-2 * Math.abs(derived);
  assert(isNear, `${name}: ${measured}, not ${derived}`);
}
