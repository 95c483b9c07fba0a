import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  decoderModel,
  type DecoderSizes,
  embedTokensModel,
  readsPositions,
} from "../../lib/zoo/decoders.ts";
import {
  type EncoderDecoderSizes,
  t5DecoderModel,
  t5EncoderModel,
} from "../../lib/zoo/encoder_decoder.ts";
import { moduleOn, storedWeights } from "../../lib/zoo/module.ts";
import { imageFeatures, imageRows, type MultimodalSizes } from "../../lib/zoo/multimodal.ts";
import { vitEncoder } from "../../lib/zoo/encoder_table.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { exchangeFeeds, multimodalLossGraph } from "../../lib/training/pretrain_language.ts";

const cpu = { provider: "cpu", threads: 1 } as const;
const exchanges = [
  { text: [1, 5, 6, 7], question: [], answer: [8, 2] },
  { text: [1, 9], question: [], answer: [10, 11, 12, 2] },
];

type Sizes<Text> = MultimodalSizes & { readonly text: Text };

function sizesOf<Kind extends MultimodalSizes["text"]["kind"]>(kind: Kind) {
  return {
    vision: { ...vitEncoder, hidden_size: 16, intermediate_size: 16 },
    connector: { kind: "linear" },
    text: {
      kind,
      vocab_size: 20,
      hidden_size: 8,
      intermediate_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      max_position_embeddings: 32,
    },
  } as const;
}

function randomFeatures(): Tensor {
  const random = new Random(4);
  const data = Float32Array.from({ length: 2 * 65 * 16 }, () => random.normal());
  return tensor("float32", [2, 65, 16], data);
}

function row(ids: readonly number[]): Tensor {
  return tensor("int64", [1, ids.length], BigInt64Array.from(ids, BigInt));
}

/** −log softmax(scores)[id] at one row of the logits. */
function surprise(logits: Tensor, at: number, id: number): number {
  const width = logits.dims.at(-1)!;
  const scores = [...logits.data.slice(at * width, (at + 1) * width)].map(Number);
  return Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[id]!;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Rows of images behind the connector. */
async function connected(
  sizes: Sizes<DecoderSizes> | Sizes<EncoderDecoderSizes>,
  source: ReturnType<typeof storedWeights>,
  features: Tensor,
): Promise<Float32Array> {
  const b = new GraphBuilder();
  const tokens = b.input("features", "float32", ["n", 65, 16]);
  b.output(imageFeatures(moduleOn(b, source), tokens, sizes), "image");
  await using connector = await openSession(b.finish(), cpu);
  const { image } = await connector.run({ features });
  return image!.data as Float32Array;
}

/** Loss of one exchange from the published graphs, token by token. */
async function publishedLoss(
  sizes: Sizes<DecoderSizes>,
  weights: Readonly<Record<string, Tensor>>,
  features: Tensor,
): Promise<number> {
  const source = storedWeights(weights);
  await using embed = await openSession(embedTokensModel(sizes.text, source), cpu);
  await using decoder = await openSession(decoderModel(sizes.text, source), cpu);
  const image = await connected(sizes, source, features);
  const width = sizes.text.hidden_size;
  const rows = imageRows(sizes);
  const terms: number[] = [];
  for (const [item, { text, answer }] of exchanges.entries()) {
    const ids = [...text, ...answer];
    const words = (await embed.run({ input_ids: row(ids) })).inputs_embeds!.data as Float32Array;
    const own = image.subarray(item * rows * width, (item + 1) * rows * width);
    const length = rows + ids.length;
    const joined = [...words.subarray(0, width), ...own, ...words.subarray(width)];
    const { logits } = await decoder.run({
      inputs_embeds: tensor("float32", [1, length, width], Float32Array.from(joined)),
      attention_mask: tensor("int64", [1, length], new BigInt64Array(length).fill(1n)),
      ...(readsPositions(sizes.text.kind)
        ? {
          position_ids: tensor(
            "int64",
            [1, length],
            BigInt64Array.from({ length }, (_, i) => BigInt(i)),
          ),
        }
        : {}),
      "past_key_values.0.key": tensor("float32", [1, 2, 0, width / 2], new Float32Array()),
      "past_key_values.0.value": tensor("float32", [1, 2, 0, width / 2], new Float32Array()),
    });
    const before = rows + text.length - 1;
    answer.forEach((id, i) => terms.push(surprise(logits!, before + i, id)));
  }
  return mean(terms);
}

/** The same of a model with an encoder. */
async function publishedAnswerLoss(
  sizes: Sizes<EncoderDecoderSizes>,
  weights: Readonly<Record<string, Tensor>>,
  features: Tensor,
): Promise<number> {
  const source = storedWeights(weights);
  await using embed = await openSession(embedTokensModel(sizes.text, source), cpu);
  await using encoder = await openSession(t5EncoderModel(sizes.text, source), cpu);
  await using decoder = await openSession(t5DecoderModel(sizes.text, source), cpu);
  const image = await connected(sizes, source, features);
  const width = sizes.text.hidden_size;
  const size = imageRows(sizes) * width;
  const terms: number[] = [];
  for (const [item, { text, answer }] of exchanges.entries()) {
    const words = (await embed.run({ input_ids: row(text) })).inputs_embeds!.data as Float32Array;
    const joined = [...image.subarray(item * size, (item + 1) * size), ...words];
    const length = joined.length / width;
    const mask = row(new Array(length).fill(1));
    const states = await encoder.run({
      inputs_embeds: tensor("float32", [1, length, width], Float32Array.from(joined)),
      attention_mask: mask,
    });
    const said = await embed.run({ input_ids: row([0, ...answer.slice(0, -1)]) });
    const empty = tensor("float32", [1, 2, 0, width / 2], new Float32Array());
    const { logits } = await decoder.run({
      inputs_embeds: said.inputs_embeds!,
      encoder_hidden_states: states.last_hidden_state!,
      encoder_attention_mask: mask,
      "past_key_values.0.decoder.key": empty,
      "past_key_values.0.decoder.value": empty,
    });
    answer.forEach((id, i) => terms.push(surprise(logits!, i, id)));
  }
  return mean(terms);
}

Deno.test("multimodalLossGraph() computes the loss of the published graphs", async () => {
  for (const kind of ["llama", "opt", "gpt2"] as const) {
    const sizes = sizesOf(kind);
    const { model, weights } = multimodalLossGraph(sizes, { batch: 2, seed: 3, imageAt: 1 });
    const features = randomFeatures();
    await using session = await openSession(model, cpu);
    const feeds = {
      features,
      ...weights,
      ...exchangeFeeds(sizes, exchanges, { pad: 0, imageAt: 1 }),
    };
    const { loss } = await session.run(feeds);
    const expected = await publishedLoss(sizes, weights, features);
    assertAlmostEquals(Number(loss!.data[0]), expected, 1e-4, kind);
    assert(expected > 1, kind);
  }
});

Deno.test("multimodalLossGraph() computes the loss of published graphs with an encoder", async () => {
  const sizes = sizesOf("t5");
  const { model, weights } = multimodalLossGraph(sizes, { batch: 2, seed: 3, imageAt: 0 });
  const features = randomFeatures();
  await using session = await openSession(model, cpu);
  const feeds = exchangeFeeds(sizes, exchanges, { pad: 0, imageAt: 0 });
  const { loss } = await session.run({ features, ...weights, ...feeds });
  const expected = await publishedAnswerLoss(sizes, weights, features);
  assertAlmostEquals(Number(loss!.data[0]), expected, 1e-4);
  assert(expected > 1);
});

Deno.test("exchangeFeeds() gives an encoder the instruction and a decoder the answer", () => {
  const feeds = exchangeFeeds(sizesOf("t5"), exchanges, { pad: 0, imageAt: 0 });
  const numbers = (name: string) => [...feeds[name]!.data].map(Number);
  assertEquals(numbers("input_ids"), [1, 5, 6, 7, 1, 9, 0, 0]);
  assertEquals(numbers("decoder_input_ids"), [0, 8, 0, 0, 0, 10, 11, 12]);
  assertEquals(numbers("rows"), [0, 1, 4, 5, 6, 7]);
  assertEquals(numbers("labels"), [8, 2, 10, 11, 12, 2]);
  assertEquals(numbers("attention_mask").slice(20), [...new Array(16 + 2).fill(1), 0, 0]);
});

Deno.test("exchangeFeeds() points at the positions before the answers' tokens", () => {
  const sizes = sizesOf("gpt2");
  const feeds = exchangeFeeds(sizes, exchanges, { pad: 0, imageAt: 1 });
  const length = 16 + 6;
  assertEquals([...feeds.rows!.data].map(Number), [
    16 + 3,
    16 + 4,
    length + 16 + 1,
    length + 16 + 2,
    length + 16 + 3,
    length + 16 + 4,
  ]);
  assertEquals([...feeds.labels!.data].map(Number), [8, 2, 10, 11, 12, 2]);
  assertEquals(feeds.attention_mask!.dims, [2, length]);
  assertEquals([...feeds.input_ids!.data].map(Number), [1, 5, 6, 7, 8, 2, 1, 9, 10, 11, 12, 2]);
});
