import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { placeOf } from "../../lib/training/pretrain_options.ts";
import { clipText } from "../../lib/zoo/clip_text.ts";
import { storedWeights } from "../../lib/zoo/module.ts";
import { visionEncoder } from "../../lib/zoo/vision_encoder.ts";
import { clipVision } from "../../lib/zoo/vision_transformer.ts";
import { vitEncoder } from "../../lib/zoo/encoder_table.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { conceptCaptions, kindCaptions } from "../../lib/training/captions.ts";
import {
  dropPatches,
  normalisePixels,
  resizeImages,
  scaleAt,
} from "../../lib/training/pretrain_images.ts";
import {
  clipLossGraph,
  encoderLossGraph,
  keptCount,
  keptTokens,
  shareFeed,
  targetFeeds,
} from "../../lib/training/pretrain_vision.ts";
import { lossesIn } from "../../lib/training/training_graph.ts";
import { trainWeights } from "../../lib/training/weight_training.ts";

const vision = { ...vitEncoder, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1 };
const cpu = { provider: "cpu", threads: 1 } as const;
const random = new Random(1);
const pixels = tensor(
  "float32",
  [2, 3, 64, 64],
  Float32Array.from({ length: 2 * 3 * 64 * 64 }, () => random.normal()),
);

Deno.test("keptTokens() keeps the class token and as many patches in every item", () => {
  const kept = keptTokens(new Random(1), 3, 64, 32);
  assertEquals(kept.dims, [3, 33]);
  for (let item = 0; item < 3; item++) {
    const row = [...kept.data.slice(item * 33, (item + 1) * 33)].map(Number);
    assertEquals(row[0], item * 65);
    assertEquals(new Set(row).size, 33);
    assert(row.every((index) => index >= item * 65 && index < (item + 1) * 65));
  }
  const all = keptTokens(new Random(1), 1, 64, 64);
  assertEquals([...all.data].map(Number), Array.from({ length: 65 }, (_, i) => i));
});

Deno.test("targetFeeds() averages over the rows that have a label", () => {
  const feeds = targetFeeds({ kind: Int32Array.of(3, -1, 5, -1) });
  assertEquals([...feeds["kind.labels"]!.data].map(Number), [3, 0, 5, 0]);
  assertEquals([...feeds["kind.weights"]!.data], [0.5, 0, 0.5, 0]);
  const none = targetFeeds({ digit: Int32Array.of(-1, -1) });
  assertEquals([...none["digit.weights"]!.data], [0, 0]);
});

Deno.test("shareFeed() gives the answers of an image equal shares, and images too", () => {
  const feed = shareFeed([[1], [0, 2, 2, 2]], 3);
  assertEquals(feed.dims, [2, 3]);
  assertEquals([...feed.data], [0, 0.5, 0, 0.125, 0, 0.375]);
});

Deno.test("dropPatches() makes as many patches grey as a vision transformer would drop", () => {
  const images = new Float32Array(2 * 3 * 64 * 64).fill(1);
  const at = { step: 0, steps: 100, batch: 2, seed: 1, size: 64, dropped: 0.25 };
  dropPatches(images, new Random(1), { ...at, step: 85 });
  assert(images.every((value) => value === 1), "no patch is dropped at the end");
  dropPatches(images, new Random(1), at);
  for (const item of [0, 1]) {
    const image = images.subarray(item * 12288, (item + 1) * 12288);
    assertEquals(image.filter((value) => value === 0).length, 3 * 16 * 64);
    for (let i = 0; i < 4096; i++) {
      const corner = Math.floor(i / 512) * 512 + Math.floor(i % 64 / 8) * 8;
      assertEquals(image[i], image[corner]);
      assertEquals(image[i], image[8192 + i]);
    }
  }
});

Deno.test("resizeImages() resizes each image, and gives those of the right side back", () => {
  const images = new Float32Array(2 * 3 * 64 * 64).map((_, i) => i < 3 * 64 * 64 ? 0.25 : 0.75);
  assertEquals(resizeImages(images, 2, 64), images);
  const larger = resizeImages(images, 2, 72);
  assertEquals(larger.length, 2 * 3 * 72 * 72);
  larger.forEach((value, i) => assertAlmostEquals(value, i < 3 * 72 * 72 ? 0.25 : 0.75, 1e-5));
});

/** Rows of a matrix `[rows, width]`. */
function rowsOf({ data, dims }: Tensor): number[][] {
  const [rows, width] = dims as [number, number];
  return Array.from(
    { length: rows },
    (_, i) => [...data.slice(i * width, (i + 1) * width)].map(Number),
  );
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** Mean of −log softmax(scores)[label] over the rows that have a label. */
function crossEntropyOf(scores: readonly number[][], labels: Int32Array): number {
  const known = scores.flatMap((row, i) => labels[i]! < 0 ? [] : [[row, labels[i]!] as const]);
  const terms = known.map(([row, label]) =>
    Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0)) - row[label]!
  );
  return terms.reduce((sum, term) => sum + term / terms.length, 0);
}

/** Mean over the tokens of each image, from the published encoder. */
async function pooledTokens(weights: Readonly<Record<string, Tensor>>): Promise<number[][]> {
  await using session = await openSession(visionEncoder(vision, storedWeights(weights)), cpu);
  const { last_hidden_state: tokens } = await session.run({ pixel_values: pixels });
  const [, count, width] = tokens!.dims as [number, number, number];
  const rows = rowsOf({ ...tokens!, dims: [2 * count, width] } as Tensor);
  return [0, 1].map((item) =>
    Array.from(
      { length: width },
      (_, i) =>
        rows.slice(item * count, (item + 1) * count).reduce((sum, row) => sum + row[i]! / count, 0),
    )
  );
}

/** Scores of a classifier of the pooled tokens. */
function classified(
  pooled: readonly number[][],
  weights: Readonly<Record<string, Tensor>>,
  question: string,
): number[][] {
  const matrix = rowsOf(weights[`classifier.${question}.weight`]!);
  const bias = [...weights[`classifier.${question}.bias`]!.data].map(Number);
  return pooled.map((row) =>
    bias.map((offset, k) => offset + dot(row, matrix.map((line) => line[k]!)))
  );
}

const answers = {
  kind: Int32Array.of(3, 4),
  digit: Int32Array.of(-1, 7),
};

Deno.test("encoderLossGraph() computes the losses of classifiers behind the published encoder", async () => {
  const options = { questions: { kind: 20, digit: 10 }, batch: 2, seed: 1 };
  const graph = encoderLossGraph(vision, options);
  await using session = await openSession(graph.model, cpu);
  const feeds = {
    pixel_values: pixels,
    kept: keptTokens(new Random(1), 2, 64, 64),
    ...targetFeeds(answers),
  };
  const { loss, terms } = lossesIn(graph, await session.run({ ...feeds, ...graph.weights }));
  const pooled = await pooledTokens(graph.weights);
  assertEquals(Object.keys(terms), ["kind", "digit"]);
  for (const [question, labels] of Object.entries(answers)) {
    const expected = crossEntropyOf(classified(pooled, graph.weights, question), labels);
    assertAlmostEquals(terms[question]!, expected, 1e-4, question);
  }
  assertAlmostEquals(loss, terms.kind! + terms.digit!, 1e-4);
});

Deno.test("encoderLossGraph() takes one right answer with the whole share as a label", async () => {
  const options = { questions: { kind: 20 }, batch: 2, seed: 1 };
  const common = { pixel_values: pixels, kept: keptTokens(new Random(1), 2, 64, 64) };
  const lossOf = async (shared: readonly string[], answer: Record<string, Tensor>) => {
    const graph = encoderLossGraph(vision, { ...options, shared });
    await using session = await openSession(graph.model, cpu);
    return lossesIn(graph, await session.run({ ...common, ...answer, ...graph.weights })).loss;
  };
  const label = await lossOf([], targetFeeds({ kind: answers.kind }));
  const alone = { "kind.shares": shareFeed([[3], [4]], 20) };
  assertAlmostEquals(await lossOf(["kind"], alone), label, 1e-5);
  // Two answers of an image: the mean of their losses.
  const other = await lossOf([], targetFeeds({ kind: Int32Array.of(7, 4) }));
  const both = { "kind.shares": shareFeed([[3, 7], [4]], 20) };
  assertAlmostEquals(await lossOf(["kind"], both), (label + other) / 2, 1e-5);
});

Deno.test("encoderLossGraph() is a loss that goes down when it is trained", async () => {
  const options = { questions: { kind: 20 }, batch: 2, seed: 1 };
  const losses: number[] = [];
  await trainWeights({
    ...encoderLossGraph(vision, options),
    schedule: { steps: 12, learningRate: 0.01, warmup: 1, decay: 0 },
    batch: () => ({
      pixel_values: pixels,
      kept: keptTokens(new Random(1), 2, 64, 32),
      ...targetFeeds({ kind: answers.kind }),
    }),
  }, { onStep: (_, { loss }) => losses.push(loss) });
  assert(losses.at(-1)! < 0.5 * losses[0]!, `${losses[0]} to ${losses.at(-1)}`);
});

Deno.test("clipLossGraph() computes cosines of the published towers at the initial temperature", async () => {
  const text = { vocab_size: 12, hidden_size: 8, intermediate_size: 8, projection_dim: 8 };
  const graph = clipLossGraph({ vision, text }, {
    questions: { kind: 20 },
    captions: { kind_captions: 3 },
    batch: 2,
    seed: 1,
  });
  const { weights } = graph;
  assertAlmostEquals(weights.logit_scale!.data[0]!, Math.log(20), 1e-6);
  const input_ids = tensor("int64", [3, 2], BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 0n));
  const attention_mask = tensor("int64", [3, 2], BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 0n));
  const labels = Int32Array.of(0, 2);
  await using session = await openSession(graph.model, cpu);
  const { loss, terms } = lossesIn(
    graph,
    await session.run({
      pixel_values: pixels,
      kept: keptTokens(new Random(1), 2, 64, 64),
      "kind_captions.input_ids": input_ids,
      "kind_captions.attention_mask": attention_mask,
      ...targetFeeds({ kind_captions: labels, kind: answers.kind }),
      ...weights,
    }),
  );
  const source = storedWeights(weights);
  await using images = await openSession(clipVision(vision, text.projection_dim, source), cpu);
  await using texts = await openSession(clipText(text, source), cpu);
  const { image_embeds } = await images.run({ pixel_values: pixels });
  const { text_embeds } = await texts.run({ input_ids, attention_mask });
  const scores = rowsOf(image_embeds!).map((image) =>
    rowsOf(text_embeds!).map((caption) =>
      20 * dot(image, caption) / Math.sqrt(dot(image, image) * dot(caption, caption))
    )
  );
  assertAlmostEquals(terms.kind_captions!, crossEntropyOf(scores, labels), 1e-3);
  const kinds = classified(await pooledTokens(weights), weights, "kind");
  assertAlmostEquals(terms.kind!, crossEntropyOf(kinds, answers.kind), 1e-4);
  assertAlmostEquals(loss, terms.kind_captions! + terms.kind!, 1e-3);
});

Deno.test("keptCount() and scaleAt() change along the training", () => {
  const kept = (dropped: number) =>
    [0, 84, 85, 99].map((step) => keptCount(64, { step, steps: 100, dropped }));
  assertEquals(kept(0.5), [32, 32, 64, 64]);
  assertEquals(kept(0), [64, 64, 64, 64]);
  assertEquals(scaleAt(0, 100), [0.75, 1.3]);
  assertAlmostEquals(scaleAt(60, 100)[0], 0.3, 1e-9);
  assertAlmostEquals(scaleAt(25, 100, [0.6, 1.2])[0], 0.675, 1e-9);
  assertEquals(scaleAt(60, 100, [0.6, 1.2])[1], 1.2);
});

Deno.test("placeOf() leaves the first images of a training unchanged and whole", () => {
  const schedule = { steps: 100, learningRate: 1, warmup: 1, decay: 0 };
  const options = { seed: 1, batch: 2, schedule, dropped: 0.5, unchanged: 0.1 };
  const drawn = { changes: ["warp"], digits: 0.1 } as const;
  const at = (step: number) => {
    const { drawn: { changes, digits }, dropped } = placeOf({ ...options, drawn }, step);
    return [changes, digits, dropped];
  };
  assertEquals(at(9), [[], 0.1, 0]);
  assertEquals(at(10), [["warp"], 0.1, 0.5]);
});

Deno.test("normalisePixels() maps the mean to 0", () => {
  const images = new Float32Array(12).fill(0.5);
  normalisePixels(images, 2, { image_mean: [0.5, 0.25, 0], image_std: [1, 0.5, 0.25] });
  assertEquals([...images], [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 2, 2, 2, 2]);
});

Deno.test("captions name their concept, and every concept and kind has one", () => {
  const source = {
    forms: ["a photo of a {}", "{}"],
    words: [["cat", "animal"], ["digit two", "2"]],
    kinds: ["animal", "digit"],
  };
  for (let seed = 0; seed < 20; seed++) {
    const captions = conceptCaptions(source, new Random(seed));
    assertEquals(captions.length, 2);
    assert(captions[0]!.includes("cat") && captions[1]!.includes("digit two"), `${captions}`);
    assert(kindCaptions(source, new Random(seed))[1]!.endsWith("digit"));
  }
});
