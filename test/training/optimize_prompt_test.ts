import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import type { LossWeights } from "../../lib/losses/loss_table.ts";
import type { PromptName } from "../../lib/prompts/prompt_table.ts";
import type { AugmentName } from "../../lib/training/augment.ts";
import { ensembleSearches, methods } from "../../lib/training/method_table.ts";
import type { OptimizerName } from "../../lib/training/optimizer.ts";
import { optimizePrompt } from "../../lib/training/optimize_prompt.ts";
import type { PromptTraining } from "../../lib/training/prompt_training.ts";
import { type GivenSettings, resolveSettings } from "../../lib/training/prompt_settings.ts";
import { schedules } from "../../lib/training/schedule.ts";
import type { TrainingHost } from "../../lib/training/trainer.ts";
import { savedOnce } from "./saved_once.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";
import { imagesIn } from "../../lib/vision/images.ts";

const folder = await Deno.makeTempDir({ prefix: "tvp-train-" });
const path = await writeTinyModel(folder, "mini-minigpt4");
const other = await writeTinyModel(folder, "mini-convllava");
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

interface Case {
  readonly kind: PromptName;
  readonly optimizer: OptimizerName;
  readonly augment: AugmentName;
  readonly weights: LossWeights;
}

/** Every kind, rule and augmentation once, in combinations. */
const cases: readonly Case[] = [
  {
    kind: "frame",
    optimizer: "normalized-gradient",
    augment: "flip-crop",
    weights: { lm: 1, fca: 0.1 },
  },
  { kind: "padding", optimizer: "sgd", augment: "none", weights: { lm: 1 } },
  { kind: "patch", optimizer: "sign", augment: "input-diversity", weights: { lm: 1, fca: 0.1 } },
  {
    kind: "affine-color",
    optimizer: "adam",
    augment: "trivial-augment",
    weights: { lm: 1, fca: 0.1 },
  },
  { kind: "full", optimizer: "spsa", augment: "trivial-augment", weights: { lm: 1 } },
  { kind: "affine-color", optimizer: "spsa-gc", augment: "none", weights: { lm: 1, fca: 0.1 } },
  { kind: "affine-color", optimizer: "normalized-gradient", augment: "none", weights: { lm: 1 } },
];

function trainingFor(
  { weights: loss, ...choices }: Case,
  given: Partial<GivenSettings> = {},
  how: Pick<PromptTraining, "microBatch"> = {},
): PromptTraining {
  const rows = ["a cat", "a dog", "a bird"].map((answer) => ({
    instruction: "what is it?",
    answer,
  }));
  const images = Uint8Array.from(
    { length: 3 * 3 * 16 * 16 },
    (_, i) => (i * 37 + 61 * Math.floor(i / 768)) % 256,
  );
  const settings = resolveSettings({
    ...{ ...choices, loss, lr: 0.5, steps: 6, batch: 2, seed: 3, image: 12 },
    spsa: { samples: 2 },
    ...given,
  }, { rows: rows.length, side: 16 });
  const data = { rows, images: imagesIn(images, { height: 16, width: 16 }), info: {} };
  return { ...how, settings, sources: [{ name: "tiny", path }], data };
}

/** Trains, is interrupted after a step, and goes on from what was saved. */
async function interrupted(choices: Case, after: number) {
  const { checkpoint, resumed } = savedOnce();
  const stop = new AbortController();
  const first = optimizePrompt(trainingFor(choices), {
    checkpoint,
    onStep: (step) => step === after && stop.abort(new DOMException("enough", "AbortError")),
    signal: stop.signal,
  });
  await assertRejects(() => first, DOMException, "enough");
  const second = await optimizePrompt(trainingFor(choices), { checkpoint });
  assertEquals(resumed(), 1);
  return second;
}

for (const choices of cases) {
  const { kind, optimizer, augment } = choices;
  Deno.test(`optimizePrompt() ends with the same bits when interrupted: ${kind}, ${optimizer}, ${augment}`, async () => {
    const straight = await optimizePrompt(trainingFor(choices));
    const resumed = await interrupted(choices, 3);
    assertEquals(resumed.values, straight.values);
    assertEquals(resumed.curve, straight.curve);
    assertEquals(resumed.cost.flops, straight.cost.flops);
    const start = 3 * 16 * 16;
    const moved = (from: number, to?: number) =>
      straight.values.subarray(from, to).some((value) => value !== 0);
    assert(moved(0, start), "δ has moved");
    assertEquals(straight.values.length - start, kind === "affine-color" ? 18 : 0);
    assert(straight.curve.every(({ loss }) => Number.isFinite(loss)));
    if (choices.weights.fca && optimizer !== "spsa-gc") {
      assert(straight.curve[0]!.terms.fca! < 1e-4, "an untrained prompt leaves the features");
    }
  });
}

Deno.test("optimizePrompt() starts again, and says so, where the saved state is damaged", async () => {
  const logged: string[] = [];
  const straight = await optimizePrompt(trainingFor(cases[0]!));
  const { checkpoint, resumed } = savedOnce(new Uint8Array(4));
  const again = await optimizePrompt(trainingFor(cases[0]!), {
    checkpoint,
    log: (line) => logged.push(line),
  });
  assertEquals(resumed(), 0);
  assertEquals(again.values, straight.values);
  assertEquals(
    logged.find((line) => line.startsWith("starts again")),
    "starts again: Cannot use the saved state: Cannot decode safetensors: a file has at least 8 bytes, this one has 4",
  );
});

Deno.test("optimizePrompt() counts operations: SPSA costs forwards, a gradient about three", async () => {
  const logs: string[] = [];
  const count = async (optimizer: OptimizerName) => {
    const choices = { kind: "frame", augment: "none", weights: { lm: 1 } } as const;
    const training = trainingFor({ ...choices, optimizer }, { steps: 1 });
    const { cost } = await optimizePrompt(training, { log: (line) => logs.push(line) });
    return cost.flops;
  };
  const [gradient, spsa] = [await count("normalized-gradient"), await count("spsa")];
  const forward = spsa / 4;
  assert(gradient / forward > 1.6 && gradient / forward < 3.5, `${gradient} / ${forward}`);
  const lines = [
    /^a step takes about \d\.\d\d GB of memory: .* at batch 2$/,
    /^a step: \d.* GFLOP, .* ms \(median\), .* GFLOP\/s; \d+ MB resident$/,
  ];
  for (const [i, line] of lines.entries()) assert(line.test(logs[i]!), logs[i]);
});

/** Every method that makes prompts transfer: views, searches, dropped layers, hidden features. */
for (const [method, row] of Object.entries(methods)) {
  if (row.optimizer !== "momentum") continue;
  Deno.test(`optimizePrompt() trains by ${method}, and ends with the same bits when interrupted`, async () => {
    const choices = { method, lr: 0.01, steps: 4, batch: 2, seed: 3, image: 12 } as const;
    const base = trainingFor(cases[0]!);
    const settings = resolveSettings(choices, { rows: 3, side: 16 });
    const isEnsemble = ensembleSearches.includes(settings.search);
    const sources = isEnsemble ? [...base.sources, { name: "other", path: other }] : base.sources;
    const training = { ...base, settings, sources };
    const straight = await optimizePrompt(training);
    assert(straight.values.some((value) => value !== 0), "δ has moved");
    assert(straight.curve.every(({ loss }) => Number.isFinite(loss)));
    const { checkpoint } = savedOnce();
    const stop = new AbortController();
    await assertRejects(() =>
      optimizePrompt(training, {
        checkpoint,
        onStep: (step) => step === 2 && stop.abort(new DOMException("enough", "AbortError")),
        signal: stop.signal,
      }), DOMException);
    const resumed = await optimizePrompt(training, { checkpoint });
    assertEquals(resumed.values, straight.values);
    assertEquals(resumed.curve, straight.curve);
  });
}

Deno.test("optimizePrompt() sees clean images in the views in which prompted ones are seen", async () => {
  for (const given of [{ views: ["resize", "spectrum"] }, { layerDrop: 0.5 }] as const) {
    const training = trainingFor({ ...cases[0]!, weights: { lm: 1, fca: 1, mid: 1 } }, {
      ...given,
      steps: 3,
      lr: 1e-9,
    });
    const { curve } = await optimizePrompt(training);
    for (const { terms } of curve) {
      assert(terms.fca! < 1e-3 && terms.mid! < 1e-3, JSON.stringify(terms));
    }
  }
});

Deno.test("optimizePrompt() averages the gradients of copies: equal ones are as one", async () => {
  const of = async (copies: number) =>
    (await optimizePrompt(trainingFor(cases[0]!, { copies, steps: 2 }))).values;
  const [one, three] = [await of(1), await of(3)];
  one.forEach((value, i) => assertAlmostEquals(three[i]!, value, 1e-5));
});

Deno.test("optimizePrompt() keeps to the bounds", async () => {
  const training = trainingFor(cases[0]!, { bound: { rms: 0.02, range: [0, 0.05] }, lr: 5 });
  const { values } = await optimizePrompt(training);
  assert(values.every((value) => value >= 0 && value <= Math.fround(0.05)));
  // The frame of an image of 12 on a canvas of 16 has 112 pixels.
  const rms = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / (3 * 112));
  assert(rms > 0.001 && rms < 0.0201, `${rms}`);
});

Deno.test("optimizePrompt() trains the transformation of affine-color", async () => {
  const { values } = await optimizePrompt(trainingFor(cases[3]!));
  const transformation = values.subarray(3 * 16 * 16);
  assertNotEquals([...transformation.subarray(0, 6)], [16 / 12, 0, 0, 0, 16 / 12, 0]);
  assert(Math.abs(transformation[0]! - 16 / 12) < 0.1, "slower than δ");
});

Deno.test("optimizePrompt() lowers the loss, with gradients and without", async () => {
  for (const optimizer of ["adam", "spsa-gc"] as const) {
    const choices = { kind: "full", optimizer, augment: "none", weights: { lm: 1 } } as const;
    const lr = optimizer === "adam" ? 0.05 : 0.02;
    const { curve } = await optimizePrompt(trainingFor(choices, { steps: 40, lr }));
    const mean = (from: number, to: number) =>
      curve.slice(from, to).reduce((sum, { loss }) => sum + loss / (to - from), 0);
    assert(mean(30, 40) < mean(0, 10), `${optimizer}: ${mean(0, 10)} to ${mean(30, 40)}`);
  }
});

Deno.test("optimizePrompt() keeps the learning rate inside an epoch, and follows the schedule over them", async () => {
  const rates = async (batch: number) => {
    const training = trainingFor(cases[1]!, { steps: 4, batch, lr: 2 });
    return (await optimizePrompt(training)).curve.map(({ lr }) => lr);
  };
  // Of three rows, batches of two make one step an epoch, single rows make three.
  assertEquals(await rates(2), [0, 1, 2, 3].map((epoch) => 2 * schedules.cosine(epoch, 4)));
  assertEquals(await rates(1), [2, 2, 2, 2 * schedules.cosine(1, 2)]);
});

Deno.test("optimizePrompt() says which loss term asks CLIP where there is none", async () => {
  const training = trainingFor({ ...cases[0]!, weights: { lm: 1, tse: 0.1 } });
  await assertRejects(
    () => optimizePrompt(training),
    RangeError,
    "Cannot train with the loss term tse: it needs a CLIP, and no clip model is given (with: { clip: zoo/mini-clip })",
  );
});

const wide = {
  kind: "frame",
  optimizer: "sgd",
  augment: "flip-crop",
  weights: { lm: 1, fca: 0.1 },
};

/** How far two prompts are apart, in units of the first one's length. */
function apart(a: Float32Array, b: Float32Array): number {
  const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
  return norm(a.map((v, i) => v - b[i]!)) / norm(a);
}

for (
  const given of [
    {},
    { optimizer: "spsa" },
    { views: ["resize", "patch-out"], copies: 2 },
    { layerDrop: 0.2 },
  ] as const
) {
  Deno.test(`optimizePrompt() makes the same updates in parts of the batch: ${JSON.stringify(given)}`, async () => {
    const settings = { batch: 3, steps: 3, ...given }; // parts of 2 images and of 1
    const whole = await optimizePrompt(trainingFor(wide as Case, settings));
    const parts = await optimizePrompt(trainingFor(wide as Case, settings, { microBatch: 2 }));
    assert(whole.values.some((value) => value !== 0));
    const difference = apart(whole.values, parts.values);
    assert(difference < 1e-4, `${difference}`);
    for (const [i, { loss, terms }] of whole.curve.entries()) {
      assertAlmostEquals(parts.curve[i]!.loss, loss, 1e-5 * Math.abs(loss));
      assertAlmostEquals(parts.curve[i]!.terms.lm!, terms.lm!, 1e-5 * terms.lm!);
    }
  });
}

Deno.test("optimizePrompt() does not divide a batch whose images are mixed", async () => {
  const settings = { batch: 3, steps: 2, views: ["admix"] } as const;
  const whole = await optimizePrompt(trainingFor(wide as Case, settings));
  const logs: string[] = [];
  const log = (line: string) => logs.push(line);
  const parts = await optimizePrompt(trainingFor(wide as Case, settings, { microBatch: 1 }), {
    log,
  });
  assertEquals(parts.values, whole.values);
  assertEquals(
    logs[0],
    "computes 3 of 3 images at once, not microBatch 1: a view or a loss term looks across the images of a batch",
  );
});

Deno.test("optimizePrompt() fits a step into the memory that it is given", async () => {
  const logs: string[] = [];
  const training = trainingFor(wide as Case, { batch: 2, steps: 2 });
  const whole = await optimizePrompt(training);
  const fitted = await optimizePrompt(training, { memory: 1, log: (line) => logs.push(line) });
  assert(
    logs.includes(
      "computes 1 of 2 images at once, inner values computed twice, to spare memory",
    ),
    logs.join("\n"),
  );
  assert(apart(whole.values, fitted.values) < 1e-4);
  assertEquals(fitted.cost.flops, whole.cost.flops, "what a method costs depends on no memory");
});

/** Images of which the n-th reading fails for want of memory. */
function shortOfMemory(training: PromptTraining, reading: number): PromptTraining {
  const { images } = training.data;
  let count = 0;
  const read = (row: number) => {
    if (++count !== reading) return images.read(row);
    return Promise.reject(new RangeError("Array buffer allocation failed"));
  };
  return { ...training, data: { ...training.data, images: { ...images, read } } };
}

Deno.test("optimizePrompt() halves the part where memory runs out, goes on, and can be resumed", async () => {
  const training = trainingFor(wide as Case, { batch: 2, steps: 6 });
  const lines: string[] = [];
  const host = {
    log: (line: string) => line.startsWith("out of memory") && lines.push(line),
    onStep: (step: number) => lines.push(`${step}`),
  };
  // The first step reads two images, a later one the third.
  const halved = await optimizePrompt(shortOfMemory(training, 3), host);
  const failed = lines.indexOf("out of memory: goes on with 1 of 2 images at once");
  assertEquals(lines.toSpliced(failed, 1), ["1", "2", "3", "4", "5", "6"]);
  assert(failed > 0, lines.join());
  const whole = await optimizePrompt(training);
  assertEquals(halved.curve.slice(0, failed), whole.curve.slice(0, failed));
  assert(apart(whole.values, halved.values) < 1e-4);

  const { checkpoint, resumed } = savedOnce();
  const stop = new AbortController();
  const first = optimizePrompt(shortOfMemory(training, 3), {
    checkpoint,
    onStep: (step) => step === 5 && stop.abort(new DOMException("enough", "AbortError")),
    signal: stop.signal,
  });
  await assertRejects(() => first, DOMException, "enough");
  const second = await optimizePrompt(training, { checkpoint });
  assertEquals(resumed(), 1);
  assertEquals(second.values, halved.values);
  assertEquals(second.curve, halved.curve);
});

/** Trains for 5 of 6 steps; the state that is left, and how steps are computed from now on. */
async function savedAtFive(training: PromptTraining, host: TrainingHost) {
  const stop = new AbortController();
  const { checkpoint, saved } = savedOnce();
  const first = optimizePrompt(training, {
    ...host,
    checkpoint,
    onStep: (step) => step === 5 && stop.abort(new DOMException("enough", "AbortError")),
    signal: stop.signal,
  });
  await assertRejects(() => first, DOMException, "enough");
  const { checkpoint: kept } = savedOnce(saved());
  return async (now: TrainingHost) => {
    const steps: number[] = [];
    const plans: string[] = [];
    const { values } = await optimizePrompt(training, {
      ...now,
      checkpoint: kept,
      onStep: (step) => steps.push(step),
      onPlan: (plan) => plans.push(plan),
    });
    return { values, steps, plans };
  };
}

Deno.test("optimizePrompt() goes on from its state in smaller parts where less memory is left", async () => {
  const training = trainingFor(wide as Case, { batch: 2, steps: 6 });
  const whole = await optimizePrompt(training);
  const goOn = await savedAtFive(training, {});
  const { values, steps, plans } = await goOn({ memory: 1 });
  assertEquals(steps, [6]);
  assertEquals(plans, ["1 of 2 images at once, inner values computed twice"]);
  assert(apart(whole.values, values) < 1e-4);
});

Deno.test("optimizePrompt() keeps the small parts of a saved state that it takes, and no others", async () => {
  const training = trainingFor(wide as Case, { batch: 2, steps: 6 });
  const goOn = await savedAtFive(training, { memory: 1 });
  const small = "1 of 2 images at once, inner values computed twice";
  const taken = await goOn({});
  assertEquals([taken.steps, taken.plans], [[6], [small]]);
  const refused = await goOn({ threads: 2 });
  assertEquals([refused.steps.length, refused.plans], [6, ["2 of 2 images at once"]]);
});

Deno.test("optimizePrompt() makes no images of steps that were taken before it was interrupted", async () => {
  const training = trainingFor(wide as Case, { batch: 2, steps: 6 });
  const { checkpoint } = savedOnce();
  const stop = new AbortController();
  const first = optimizePrompt(training, {
    checkpoint,
    onStep: (step) => step === 5 && stop.abort(new DOMException("enough", "AbortError")),
    signal: stop.signal,
  });
  await assertRejects(() => first, DOMException, "enough");
  const { images } = training.data;
  let count = 0;
  const read = (row: number) => images.read((count++, row));
  await optimizePrompt(
    { ...training, data: { ...training.data, images: { ...images, read } } },
    { checkpoint },
  );
  assertEquals(count, 2, "the batch of the sixth step");
});

Deno.test("optimizePrompt() says so where not even one image fits the memory", async () => {
  const onOpen = () => {
    throw new TypeError("std::bad_alloc");
  };
  await assertRejects(
    () => optimizePrompt(trainingFor(wide as Case, { batch: 2, steps: 1 }), { onOpen }),
    Error,
    "Cannot train: a step does not fit the memory: std::bad_alloc",
  );
});
