import { assertEquals, assertThrows } from "@std/assert";
import { decodeSafetensors, encodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { type Tensor, tensor, zeros } from "../../lib/tensor/tensor.ts";
import {
  decodeTrainingState,
  encodeTrainingState,
  TrainingStateError,
} from "../../lib/training/training_state.ts";

const state = {
  step: 1,
  values: new Float32Array([1, 2]),
  moments: { velocity: new Float32Array([3, 4]) },
  curve: [{ step: 1, lr: 0.1, loss: 2, terms: { lm: 2 } }],
};
const fingerprint = { graph: "a", provider: "cpu", onnxruntime: "1.30.0", threads: "2" };
const expected = { fingerprint, values: 2, moments: ["velocity"] };

Deno.test("decodeTrainingState() gives back a state", () => {
  assertEquals(decodeTrainingState(encodeTrainingState(state, fingerprint), expected), state);
});

const elsewhere: readonly [Partial<typeof fingerprint>, string][] = [
  [{ graph: "b" }, "it belongs to another graph"],
  [{ provider: "cuda" }, 'it was saved with provider "cpu", this training has "cuda"'],
  [{ onnxruntime: "1.31.0" }, 'it was saved with onnxruntime "1.30.0", this training has "1.31.0"'],
  [{ threads: "1" }, 'it was saved with threads "2", this training has "1"'],
];
for (const [changed, reason] of elsewhere) {
  Deno.test(`decodeTrainingState() refuses a state: ${reason}`, () => {
    const { message } = assertThrows(
      () =>
        decodeTrainingState(encodeTrainingState(state, fingerprint), {
          ...expected,
          fingerprint: { ...fingerprint, ...changed },
        }),
      TrainingStateError,
    );
    assertEquals(message, `Cannot use the saved state: ${reason}`);
  });
}

interface Parts {
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Record<string, string>;
}

Deno.test("decodeTrainingState() says what of a state is damaged", () => {
  const cases: readonly [(parts: Parts) => void, string][] = [
    [({ tensors }) => delete tensors.values, 'it needs "values" float32 [2], it has none'],
    [({ tensors }) => tensors.values = zeros("float32", [3]), "it has float32 [3]"],
    [({ tensors }) => tensors.values = zeros("float64", [2]), "it has float64 [2]"],
    [
      ({ tensors }) => tensors.values = tensor("float32", [2], new Float32Array([0, NaN])),
      'its "values" holds NaN',
    ],
    [({ tensors }) => delete tensors["moment.velocity"], 'needs "moment.velocity" float32 [2]'],
    [({ metadata }) => delete metadata.step, 'its step is "", expected a whole number from 0'],
    [({ metadata }) => metadata.step = "-1", 'its step is "-1"'],
    [({ metadata }) => metadata.step = "1e3", 'its step is "1e3"'],
    [({ metadata }) => metadata.step = "7", "it belongs to step 7, its curve has 1 points"],
    [({ metadata }) => delete metadata.fingerprint, "its fingerprint is not JSON"],
    [({ metadata }) => metadata.fingerprint = "null", "it belongs to another graph"],
    [({ metadata }) => delete metadata.curve, "its curve is not JSON"],
    [({ metadata }) => metadata.curve = "x", "its curve is not JSON"],
    [
      ({ metadata }) => metadata.curve = "{}",
      "in its curve it must be a list of points, but is a map",
    ],
    [
      ({ metadata }) => metadata.curve = "[{}]",
      "in its curve [0].step must be a whole number from 1",
    ],
  ];
  for (const [change, message] of cases) {
    const parts = decodeSafetensors(encodeTrainingState(state, fingerprint));
    change(parts);
    const bytes = encodeSafetensors(parts.tensors, parts.metadata);
    assertThrows(() => decodeTrainingState(bytes, expected), TrainingStateError, message);
  }
  assertThrows(() => decodeTrainingState(new Uint8Array(4), expected), TrainingStateError, "has 4");
});
