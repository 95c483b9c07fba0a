import { assert, assertEquals } from "@std/assert";
import {
  type EncoderDecoderSizes,
  relativeBucket,
  t5DecoderModel,
  t5EncoderModel,
} from "../../lib/zoo/encoder_decoder.ts";
import { seededWeights } from "../../lib/zoo/module.ts";
import { checkModel } from "../../lib/onnx/infer/check.ts";
import { openSession, type Session } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

const cpu = { provider: "cpu", threads: 1 } as const;
const width = 16;
const heads = 2;
const sizes: EncoderDecoderSizes = {
  kind: "t5",
  vocab_size: 30,
  hidden_size: width,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: heads,
  max_position_embeddings: 32,
};

const random = new Random(5);
const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const embeds = normal(6 * width);
const states = tensor("float32", [1, 3, width], normal(3 * width));

function int64(dims: readonly number[], values: readonly number[]): Tensor {
  return tensor("int64", dims, BigInt64Array.from(values, BigInt));
}

const emptyCache = Object.fromEntries(
  [0, 1].flatMap((i) => ["key", "value"].map((part) => `past_key_values.${i}.decoder.${part}`))
    .map((name) => [name, tensor("float32", [1, heads, 0, width / heads], new Float32Array())]),
);

/** Runs tokens `from` to `to` of the answer after the given cache. */
function answer(
  session: Session,
  [from, to]: readonly [number, number],
  cache: Readonly<Record<string, Tensor>>,
  statesMask: readonly number[] = [1, 1, 1],
): Promise<Record<string, Tensor>> {
  const rows = embeds.slice(from * width, to * width);
  return session.run({
    inputs_embeds: tensor("float32", [1, to - from, width], rows),
    encoder_hidden_states: states,
    encoder_attention_mask: int64([1, 3], statesMask),
    ...cache,
  });
}

function worst(actual: ArrayLike<number | bigint>, expected: ArrayLike<number | bigint>): number {
  assertEquals(actual.length, expected.length);
  return Math.max(
    ...Array.from(actual, (value, i) => Math.abs(Number(value) - Number(expected[i]!))),
  );
}

Deno.test("relativeBucket() counts near positions one by one and far ones by their logarithm", () => {
  const both = [-200, -127, -60, -9, -8, -1, 0, 1, 7, 8, 20, 127, 500];
  assertEquals(
    both.map((offset) => relativeBucket(offset, true)),
    [15, 15, 13, 8, 8, 1, 0, 17, 23, 24, 26, 31, 31],
  );
  const causal = [-200, -127, -64, -20, -16, -15, -1, 0, 1, 30];
  assertEquals(
    causal.map((offset) => relativeBucket(offset, false)),
    [31, 31, 26, 17, 16, 15, 1, 0, 0, 0],
  );
});

Deno.test("t5DecoderModel() gives the same logits with a cache as without", async () => {
  const model = t5DecoderModel(sizes, seededWeights(1));
  assertEquals(checkModel(model), []);
  await using session = await openSession(model, cpu);
  const whole = await answer(session, [0, 6], emptyCache);
  const first = await answer(session, [0, 4], emptyCache);
  const cache = Object.fromEntries(
    Object.keys(emptyCache).map((name) => [
      name,
      first[name.replace("past_key_values", "present")]!,
    ]),
  );
  const second = await answer(session, [4, 6], cache);
  assertEquals(whole.logits!.dims, [1, 6, 30]);
  assert(worst(first.logits!.data, whole.logits!.data.slice(0, 4 * 30)) < 1e-4);
  assert(worst(second.logits!.data, whole.logits!.data.slice(4 * 30)) < 1e-4);
  assertEquals(second["present.1.decoder.value"]!.dims, [1, heads, 6, width / heads]);
});

Deno.test("t5DecoderModel() reads the states that the mask shows, and no others", async () => {
  await using session = await openSession(t5DecoderModel(sizes, seededWeights(1)), cpu);
  const whole = await answer(session, [0, 2], emptyCache);
  const masked = await answer(session, [0, 2], emptyCache, [1, 1, 0]);
  const shorter = await session.run({
    inputs_embeds: tensor("float32", [1, 2, width], embeds.slice(0, 2 * width)),
    encoder_hidden_states: tensor(
      "float32",
      [1, 2, width],
      states.data.slice(0, 2 * width) as Float32Array,
    ),
    encoder_attention_mask: int64([1, 2], [1, 1]),
    ...emptyCache,
  });
  assert(worst(masked.logits!.data, shorter.logits!.data) < 1e-4);
  assert(worst(masked.logits!.data, whole.logits!.data) > 1e-3);
});

Deno.test("t5EncoderModel() reads in both directions, in order, and not the padding", async () => {
  const model = t5EncoderModel(sizes, seededWeights(2));
  assertEquals(checkModel(model), []);
  await using session = await openSession(model, cpu);
  const encode = async (rows: Float32Array, mask: readonly number[]) => {
    const { last_hidden_state: found } = await session.run({
      inputs_embeds: tensor("float32", [1, mask.length, width], rows),
      attention_mask: int64([1, mask.length], mask),
    });
    return found!.data as Float32Array;
  };
  const three = await encode(embeds.slice(0, 3 * width), [1, 1, 1]);
  const padded = await encode(embeds.slice(0, 4 * width), [1, 1, 1, 0]);
  assert(worst(padded.slice(0, 3 * width), three) < 1e-4);
  const four = await encode(embeds.slice(0, 4 * width), [1, 1, 1, 1]);
  assert(worst(four.slice(0, width), three.slice(0, width)) > 1e-3, "does not look ahead");
  const swapped = [...embeds.slice(0, width), ...embeds.slice(2 * width, 3 * width)];
  const other = Float32Array.from([...swapped, ...embeds.slice(width, 2 * width)]);
  const reordered = await encode(other, [1, 1, 1]);
  assert(worst(reordered.slice(0, width), three.slice(0, width)) > 1e-4, "does not see the order");
});
