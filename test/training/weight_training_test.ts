import { assert, assertEquals, assertRejects } from "@std/assert";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { Random } from "../../lib/tensor/random.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
} from "../../lib/tensor/safetensors.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { trainWeights } from "../../lib/training/weight_training.ts";
import { savedOnce } from "./saved_once.ts";

/** Mean squared error of x·w + b against x·[1, 2] + 3. */
function regression() {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [8, 2]);
  const y = b.input("y", "float32", [8, 1]);
  const weights: Record<string, Tensor> = {
    w: tensor("float32", [2, 1], new Float32Array(2)),
    b: tensor("float32", [1], new Float32Array(1)),
  };
  const w = b.input("w", "float32", [2, 1]);
  const bias = b.input("b", "float32", [1]);
  const error = b.op("Sub", [b.op("Add", [b.op("MatMul", [x, w]), bias]), y]);
  const loss = b.op("ReduceMean", [b.op("Mul", [error, error])], { keepdims: 0 });
  b.output(loss, "loss");
  return { model: b.finish(), loss: "loss", terms: {}, weights };
}

function batch(step: number): Record<string, Tensor> {
  const random = new Random(`test/${step}`);
  const x = Float32Array.from({ length: 16 }, () => random.normal());
  const y = Float32Array.from({ length: 8 }, (_, i) => x[2 * i]! + 2 * x[2 * i + 1]! + 3);
  return { x: tensor("float32", [8, 2], x), y: tensor("float32", [8, 1], y) };
}

const training = {
  ...regression(),
  batch,
  schedule: { steps: 300, learningRate: 0.1, warmup: 10, decay: 0 },
};

Deno.test("trainWeights() learns a linear map", async () => {
  const losses: number[] = [];
  const weights = await trainWeights(training, {
    onStep: (_, { loss }) => losses.push(loss!),
  });
  assertEquals(losses.length, 300);
  assert(losses.at(-1)! < 1e-3 * losses[0]!, `loss ${losses[0]} → ${losses.at(-1)}`);
  assert(Math.abs(weights.b!.data[0]! - 3) < 0.05, `b is ${weights.b!.data[0]}`);
});

Deno.test("trainWeights() that was interrupted ends with the bytes of one that was not", async () => {
  const whole = await trainWeights(training);
  const { checkpoint, resumed: times } = savedOnce();
  const controller = new AbortController();
  await assertRejects(
    () =>
      trainWeights(training, {
        checkpoint,
        signal: controller.signal,
        onStep: (step) => step === 123 && controller.abort(new RangeError("stop")),
      }),
    RangeError,
    "stop",
  );
  const steps: number[] = [];
  const resumed = await trainWeights(training, { checkpoint, onStep: (step) => steps.push(step) });
  assertEquals([steps[0], times()], [124, 1]);
  for (const name of ["w", "b"]) assertEquals(resumed[name]!.data, whole[name]!.data, name);
});

/** State of a training that was interrupted after one step. */
async function stateAfterOneStep(): Promise<Uint8Array> {
  const { checkpoint, saved } = savedOnce();
  const stop = new AbortController();
  const host = {
    checkpoint,
    signal: stop.signal,
    onStep: () => stop.abort(new RangeError("stop")),
  };
  await assertRejects(() => trainWeights(training, host), RangeError, "stop");
  return saved()!;
}

/** The state with other metadata or tensors. */
function changed(state: Uint8Array, change: (parts: Safetensors) => Partial<Safetensors>) {
  const parts = decodeSafetensors(state);
  const { tensors, metadata } = { ...parts, ...change(parts) };
  return encodeSafetensors(tensors, metadata);
}

const withFacts = (facts: object) => ({ metadata }: Safetensors) => ({
  metadata: {
    ...metadata,
    fingerprint: JSON.stringify({ ...JSON.parse(metadata.fingerprint!), ...facts }),
  },
});

const refused: readonly [(parts: Safetensors) => Partial<Safetensors>, string][] = [
  [withFacts({ provider: "cuda" }), 'it was saved with provider "cuda", this training has "cpu"'],
  [withFacts({ threads: "8" }), 'it was saved with threads "8", this training has "1"'],
  [withFacts({ graph: "x" }), "it belongs to another graph"],
  [
    ({ tensors }) => ({
      tensors: { ...tensors, values: tensor("float32", [7], new Float32Array(7)) },
    }),
    'it needs "values" float32 [3], it has float32 [7]',
  ],
];

for (const [change, reason] of refused) {
  Deno.test(`trainWeights() starts again, and says so: ${reason}`, async () => {
    const { checkpoint, resumed } = savedOnce(changed(await stateAfterOneStep(), change));
    const steps: number[] = [];
    const logged: string[] = [];
    const short = { ...training, schedule: { ...training.schedule, steps: 2 } };
    await trainWeights(short, {
      checkpoint,
      log: (line) => logged.push(line),
      onStep: (step) => steps.push(step),
    });
    assertEquals([steps, resumed()], [[1, 2], 0]);
    assertEquals(logged, [`starts again: Cannot use the saved state: ${reason}`]);
  });
}
