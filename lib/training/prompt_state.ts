/** The state of a prompt training: what a checkpoint holds. @module */
import { z } from "zod";
import { issueText } from "../diagnostic/schema_issue.ts";
import { encodeSafetensors } from "../tensor/safetensors.ts";
import { tensor } from "../tensor/tensor.ts";
import { openState, stateFailure, statePart, stateStep } from "./saved_state.ts";
import type { OptimizerState } from "./optimizer.ts";

/** One point of the training curve. */
export interface CurvePoint {
  /** From 1. */
  readonly step: number;
  readonly lr: number;
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
}

/** Everything a training needs to go on; the order of the batches follows from seed and step. */
export interface PromptState {
  /** δ, then the parameters of the transformation: see `parameterPlaces`. */
  readonly values: Float32Array;
  readonly optimizer: OptimizerState;
  readonly curve: CurvePoint[];
}

/** What names of moments begin with. */
const MOMENT = "moment.";

/** Bytes of a checkpoint. `fingerprint` says what it may be continued with. */
export function encodeState(state: PromptState, fingerprint: string): Uint8Array {
  const flat = (data: Float32Array) => tensor("float32", [data.length], data);
  const moments = Object.entries(state.optimizer.moments);
  return encodeSafetensors({
    values: flat(state.values),
    ...Object.fromEntries(moments.map(([name, data]) => [`${MOMENT}${name}`, flat(data)])),
  }, {
    fingerprint,
    step: String(state.optimizer.step),
    moments: moments.map(([name]) => name).join(" "),
    curve: JSON.stringify(state.curve),
  });
}

const curveSchema = z.array(
  z.object({
    step: z.int({ error: "a whole number" }),
    lr: z.number({ error: "a number" }),
    loss: z.number({ error: "a number" }),
    terms: z.record(z.string(), z.number({ error: "a number" }), { error: "a map of numbers" }),
  }, { error: "a map of step, lr, loss and terms" }),
  { error: "a list" },
);

/** What a state has to have to go on with a training. */
export interface ExpectedState {
  /** Number of values. */
  readonly values: number;
  /** Names of the optimiser's moments. */
  readonly moments: readonly string[];
}

/**
 * Reads a checkpoint.
 *
 * @param expected What the training at hand needs; default: that the parts of the state fit together.
 * @returns `undefined` if it was made with something else than `fingerprint`.
 * @throws {TrainingStateError} If a part is missing, damaged or of another size.
 */
export function decodeState(
  bytes: Uint8Array,
  fingerprint: string,
  expected?: ExpectedState,
): PromptState | undefined {
  const { tensors, metadata } = openState(bytes);
  if (metadata.fingerprint !== fingerprint) return undefined;
  const length = expected?.values ?? tensors.values?.data.length ?? 0;
  const moments = expected?.moments ?? metadata.moments?.split(" ").filter((name) => name) ?? [];
  const state = {
    values: statePart(tensors, "values", length),
    optimizer: {
      step: stateStep(metadata),
      moments: Object.fromEntries(
        moments.map((name) => [name, statePart(tensors, `${MOMENT}${name}`, length)]),
      ),
    },
    curve: readCurve(metadata.curve),
  };
  const { curve, optimizer: { step } } = state;
  if (expected === undefined || curve.length === step) return state;
  throw stateFailure(`it is that of step ${step}, its curve has ${curve.length} points`);
}

function readCurve(json: string | undefined): CurvePoint[] {
  const curve = parseJson(json);
  const checked = curveSchema.safeParse(curve);
  if (checked.success) return checked.data;
  throw stateFailure(`in its curve ${issueText(checked.error.issues, curve)}`);
}

function parseJson(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? "");
  } catch {
    throw stateFailure("its curve is no JSON");
  }
}
