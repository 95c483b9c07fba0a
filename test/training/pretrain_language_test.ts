import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  decoderModel,
  embedTokensModel,
  readsPositions,
} from "../../lib/architectures/decoders.ts";
import { moduleOn, storedWeights } from "../../lib/architectures/module.ts";
import {
  imageFeatures,
  imageRows,
  type MultimodalSizes,
} from "../../lib/architectures/multimodal.ts";
import { sharedEncoder } from "../../lib/architectures/zoo_table.ts";
import { GraphBuilder } from "../../lib/onnx/builder.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { exchangeFeeds, multimodalLossGraph } from "../../lib/training/pretrain_language.ts";

const cpu = { provider: "cpu", threads: 1 } as const;
const exchanges = [
  { text: [1, 5, 6, 7], question: [], answer: [8, 2] },
  { text: [1, 9], question: [], answer: [10, 11, 12, 2] },
];

function sizesOf(kind: MultimodalSizes["text"]["kind"]): MultimodalSizes {
  return {
    vision: { ...sharedEncoder, hidden_size: 16, intermediate_size: 16 },
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
  };
}

/** Loss of one exchange from the published graphs, token by token. */
async function publishedLoss(
  sizes: MultimodalSizes,
  weights: Readonly<Record<string, Tensor>>,
  features: Tensor,
): Promise<number> {
  const source = storedWeights(weights);
  const b = new GraphBuilder();
  const tokens = b.input("features", "float32", ["n", 65, sizes.vision.hidden_size]);
  b.output(imageFeatures(moduleOn(b, source), tokens, sizes), "image");
  await using connector = await openSession(b.finish(), cpu);
  await using embed = await openSession(embedTokensModel(sizes.text, source), cpu);
  await using decoder = await openSession(decoderModel(sizes.text, source), cpu);
  const image = (await connector.run({ features })).image!;
  const width = sizes.text.hidden_size;
  const rows = imageRows(sizes);
  const terms: number[] = [];
  for (const [item, { text, answer }] of exchanges.entries()) {
    const ids = [...text, ...answer];
    const words = (await embed.run({
      input_ids: tensor("int64", [1, ids.length], BigInt64Array.from(ids, BigInt)),
    })).inputs_embeds!.data as Float32Array;
    const picture = (image.data as Float32Array).subarray(
      item * rows * width,
      (item + 1) * rows * width,
    );
    const length = rows + ids.length;
    const joined = [...words.subarray(0, width), ...picture, ...words.subarray(width)];
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
    const vocabulary = sizes.text.vocab_size;
    answer.forEach((id, i) => {
      const at = (rows + text.length - 1 + i) * vocabulary;
      const scores = [...logits!.data.slice(at, at + vocabulary)].map(Number);
      const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
      terms.push(total - scores[id]!);
    });
  }
  return terms.reduce((sum, term) => sum + term, 0) / terms.length;
}

Deno.test("multimodalLossGraph() computes the loss of the published graphs", async () => {
  for (const kind of ["llama", "opt", "gpt2"] as const) {
    const sizes = sizesOf(kind);
    const { graph, weights } = multimodalLossGraph(sizes, { batch: 2, seed: 3, imageAt: 1 });
    const random = new Random(4);
    const features = tensor(
      "float32",
      [2, 65, 16],
      Float32Array.from({ length: 2 * 65 * 16 }, () => random.normal()),
    );
    await using session = await openSession(graph, cpu);
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
