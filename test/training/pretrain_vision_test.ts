import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { sharedEncoder } from "../../lib/zoo/zoo_table.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { conceptCaptions, kindCaptions } from "../../lib/training/captions.ts";
import { normalisePixels, scaleAt } from "../../lib/training/pretrain_pictures.ts";
import {
  clipLossGraph,
  encoderLossGraph,
  keptCount,
  keptTokens,
  targetFeeds,
} from "../../lib/training/pretrain_vision.ts";

const vision = { ...sharedEncoder, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1 };
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

Deno.test("encoderLossGraph() starts near the loss of a guess, and sums up its parts", async () => {
  const { graph, weights } = encoderLossGraph(vision, {
    questions: { kind: 20, digit: 10 },
    batch: 2,
    seed: 1,
  });
  await using session = await openSession(graph, cpu);
  const results = await session.run({
    pixel_values: pixels,
    kept: keptTokens(new Random(1), 2, 64, 32),
    ...targetFeeds({ kind: Int32Array.of(3, 4), digit: Int32Array.of(-1, 7) }),
    ...weights,
  });
  const [loss, kind, digit] = ["loss", "kind", "digit"].map((name) =>
    Number(results[name]!.data[0])
  );
  assertAlmostEquals(loss!, kind! + digit!, 1e-4);
  assert(Math.abs(kind! - Math.log(20)) < 2, `kind ${kind}`);
});

Deno.test("clipLossGraph() matches pictures with captions at the initial temperature", async () => {
  const text = { vocab_size: 12, hidden_size: 8, intermediate_size: 8, projection_dim: 8 };
  const { graph, weights } = clipLossGraph({ vision, text }, {
    questions: {},
    captions: { kind_captions: 3 },
    batch: 2,
    seed: 1,
  });
  assertAlmostEquals(weights.logit_scale!.data[0]!, Math.log(20), 1e-6);
  await using session = await openSession(graph, cpu);
  const { loss } = await session.run({
    pixel_values: pixels,
    kept: keptTokens(new Random(1), 2, 64, 64),
    "kind_captions.input_ids": tensor("int64", [3, 2], BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 0n)),
    "kind_captions.attention_mask": tensor(
      "int64",
      [3, 2],
      BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 0n),
    ),
    ...targetFeeds({ kind_captions: Int32Array.of(0, 2) }),
    ...weights,
  });
  // Cosines are within ±1, so no pair is off by more than 2·20.
  assert(Number(loss!.data[0]) > 0 && Number(loss!.data[0]) < 41, `loss ${loss!.data[0]}`);
});

Deno.test("keptCount() and scaleAt() change along the training", () => {
  assertEquals([0, 84, 85, 99].map((step) => keptCount(vision, step, 100)), [32, 32, 64, 64]);
  assertEquals(scaleAt(0, 100), [0.75, 1.3]);
  assertAlmostEquals(scaleAt(60, 100)[0], 0.3, 1e-9);
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
