import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { copyTree } from "../../lib/models/copy_tree.ts";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Half } from "../../lib/onnx/ir/half.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { fromNumbers, toNumbers } from "../../lib/tensor/convert.ts";
import { placesOf } from "../../lib/tensor/flat_parameters.ts";
import { type Tensor, zeros } from "../../lib/tensor/tensor.ts";
import { optimizers } from "../../lib/training/optimizer.ts";
import { usualPrecision } from "../../lib/training/precision.ts";
import { prepareSource } from "../../lib/training/source.ts";
import { buildStepGraph, sourceFeeds, type StepParts } from "../../lib/training/step_graph.ts";
import { train } from "../../lib/training/trainer.ts";
import { withGradients } from "../../lib/training/training_graph.ts";
import { narrowModel, rewriteGraphs, roundWeights } from "../rigs/half_model.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";

const folder = await Deno.makeTempDir({ prefix: "tvp-half-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const [batch, canvas] = [2, 16];
const rows = ["a cat", "a dog"].map((answer) => ({ instruction: "what is it?", answer }));

/** Numbers that look random, between −1 and 1. */
const waves = (dims: readonly number[], pace: number): Tensor =>
  fromNumbers(
    "float32",
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * pace + i % 7)),
  );

/** Loss of a step of `lm` and `fca` with a prompt that is not 0, and δ's gradient. */
async function stepOf(path: string, how: Pick<StepParts, "precision" | "lossScale"> = {}) {
  const source = await prepareSource(await openModelDirectory(path), rows, { batch, canvas });
  const parts = { canvas, batch, sources: [source.graph], weights: { lm: 1, fca: 0.01 }, ...how };
  const graph = buildStepGraph(parts);
  const images = waves([batch, 3, canvas, canvas], 0.37);
  const texts = source.feeds(rows.map((_, row) => ({ row, flip: false })));
  const feeds = { images, ...sourceFeeds(graph.sources[0]!, texts) };
  const run = async (model: Model, fed: Readonly<Record<string, Tensor>>) => {
    await using session = await openSession(model, { provider: "cpu", threads: 1 });
    return await session.run(
      Object.fromEntries(session.inputs.map(({ name }) => [name, fed[name]!])),
    );
  };
  const clean = await run(graph.features, {
    ...feeds,
    delta: zeros("float32", [3, canvas, canvas]),
  });
  const outputs = await run(graph.model, {
    ...feeds,
    delta: waves([3, canvas, canvas], 0.7),
    [graph.sources[0]!.cleanFeatures!]: clean[graph.sources[0]!.imageFeatures]!,
  });
  return { loss: toNumbers(outputs.loss!)[0]!, gradient: toNumbers(outputs["grad.delta"]!) };
}

function distance(a: Float64Array, b: Float64Array): number {
  const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
  return norm(a.map((v, i) => v - b[i]!)) / norm(b);
}

async function modelWith(name: "mini-minigpt4" | "mini-blip2" | "mini-convllava", half: Half) {
  const plain = await writeTinyModel(folder, name);
  const [narrow, rounded] = [`${plain}-${half}`, `${plain}-rounded-${half}`];
  for (const copy of [narrow, rounded]) await copyTree(plain, copy);
  await rewriteGraphs(narrow, (model) => narrowModel(model, half));
  await rewriteGraphs(rounded, (model) => roundWeights(model, half));
  return { narrow, rounded };
}

for (const name of ["mini-minigpt4", "mini-blip2", "mini-convllava"] as const) {
  for (const half of ["float16", "bfloat16"] as const) {
    Deno.test(`a step on ${name} in ${half} has the gradient of its weights in float32`, async () => {
      const { narrow, rounded } = await modelWith(name, half);
      const [exact, wide] = [await stepOf(rounded), await stepOf(narrow)];
      assertAlmostEquals(wide.loss, exact.loss, 1e-5);
      assert(distance(wide.gradient, exact.gradient) < 1e-5);
      const mixed = await stepOf(narrow, { precision: "mixed" });
      assertAlmostEquals(mixed.loss, exact.loss, 1e-2);
      const error = distance(mixed.gradient, exact.gradient);
      assert(error < (half === "float16" ? 1e-2 : 1e-5), `${error}`);
    });
  }
}

/** loss = mean(Cast(x w)) / 2^24, where x and w are float16: the gradient of x is too small for it. */
function faintModel(): Model {
  const b = new GraphBuilder();
  const x = b.op("Cast", [b.input("delta", "float32", [1, 2])], { to: 10 });
  const w = b.initializer("w", fromNumbers("float16", [2, 1], [0.5, 0.25]));
  const y = b.op("Cast", [b.op("MatMul", [x, w])], { to: 1 });
  const faint = b.op("Mul", [y, b.scalar(2 ** -25)]);
  b.output(b.op("ReduceSum", [faint], { keepdims: 0 }), "loss");
  return b.finish();
}

async function faintGradient(scale: number): Promise<number[]> {
  const model = addGradients(faintModel(), { of: "loss", wrt: ["delta"], scale });
  await using session = await openSession(model, {
    provider: "cpu",
    graphOptimization: "disabled",
  });
  const outputs = await session.run({ delta: fromNumbers("float32", [1, 2], [1, 2]) });
  return [...toNumbers(outputs["grad.delta"]!)];
}

Deno.test("a loss scale keeps gradients that float16 would drop, and is divided out again", async () => {
  assertEquals(await faintGradient(1), [0, 0]);
  assertEquals(await faintGradient(1024), [2 ** -26, 2 ** -27]);
});

Deno.test("a gradient that the loss scale takes out of float16 is an error that says so", async () => {
  const graph = withGradients(
    { model: faintModel(), loss: "loss", terms: {} },
    ["delta"],
    { lossScale: 2 ** 60 },
  );
  const places = placesOf([{ name: "delta", dims: [1, 2] }]);
  await assertRejects(
    () =>
      train({
        ...{ graph, places, steps: 1, rule: optimizers.sgd },
        initial: new Float32Array(2),
        rates: new Float32Array(2).fill(1),
        lr: () => 1,
        feeds: () => ({}),
      }),
    RangeError,
    `Cannot make update 1: a gradient, multiplied by the loss scale ${
      2 ** 60
    }, is too large for float16; give a smaller power of two as lossScale, or precision: float32`,
  );
});

Deno.test("usualPrecision() is float32 on the processor", async () => {
  assertEquals(await usualPrecision("cpu"), "float32");
});
