import { assertEquals, assertThrows } from "@std/assert";
import { decodeSafetensors, encodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { type Tensor, tensor, zeros } from "../../lib/tensor/tensor.ts";
import { decodeState, encodeState } from "../../lib/training/prompt_state.ts";
import { TrainingStateError } from "../../lib/training/saved_state.ts";

const state = {
  values: new Float32Array([1, 2]),
  optimizer: { step: 1, moments: { velocity: new Float32Array([3, 4]) } },
  curve: [{ step: 1, lr: 0.1, loss: 2, terms: { lm: 2 } }],
};
const expected = { values: 2, moments: ["velocity"] };

Deno.test("decodeState() gives back a state, and none of another training", () => {
  const bytes = encodeState(state, "graph a");
  assertEquals(decodeState(bytes, "graph a", expected), state);
  assertEquals(decodeState(bytes, "graph a"), state);
  assertEquals(decodeState(bytes, "graph b", expected), undefined);
});

interface Parts {
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Record<string, string>;
}

Deno.test("decodeState() says what of a state is damaged", () => {
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
    [({ metadata }) => metadata.step = "7", "it is that of step 7, its curve has 1 points"],
    [({ metadata }) => delete metadata.curve, "its curve is no JSON"],
    [({ metadata }) => metadata.curve = "x", "its curve is no JSON"],
    [({ metadata }) => metadata.curve = "{}", "in its curve it must be a list, but is a map"],
    [({ metadata }) => metadata.curve = "[{}]", "in its curve [0].step must be a whole number"],
  ];
  for (const [change, message] of cases) {
    const parts = decodeSafetensors(encodeState(state, "graph a"));
    change(parts);
    const bytes = encodeSafetensors(parts.tensors, parts.metadata);
    assertThrows(() => decodeState(bytes, "graph a", expected), TrainingStateError, message);
  }
  const parts = decodeSafetensors(encodeState(state, "graph a"));
  delete parts.tensors["moment.velocity"];
  const bytes = encodeSafetensors(parts.tensors, parts.metadata);
  assertThrows(() => decodeState(bytes, "graph a"), TrainingStateError, 'needs "moment.velocity"');
  assertThrows(() => decodeState(new Uint8Array(4), "graph a"), TrainingStateError, "has 4");
});
