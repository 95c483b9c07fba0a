/**
 * Reads and writes the saved state of a training. It checks all of it, because a crash or a
 * stranger may have changed it.
 *
 * @module
 */
import { z } from "zod";
import { type CurvePoint, pointsSchema } from "../artifacts/curve.ts";
import { issueText } from "../diagnostic/schema_issue.ts";
import { decodeSafetensors, encodeSafetensors, type Safetensors } from "../tensor/safetensors.ts";
import { tensor } from "../tensor/tensor.ts";
import { differenceOf, type Fingerprint } from "./fingerprint.ts";
import type { MemoryPlan } from "./memory_plan.ts";

/** Everything a training needs to go on; the order of its batches follows from seed and step. */
export interface TrainingState {
  /** Updates so far. */
  step: number;
  /** All parameters, one behind the other. */
  readonly values: Float32Array;
  /** What the update rule keeps, arrays of the same size. */
  readonly moments: Readonly<Record<string, Float32Array>>;
  /** A point for each step. */
  readonly curve: CurvePoint[];
}

/** The bytes are not a state of this training; the message says why. */
export class TrainingStateError extends SyntaxError {
  override readonly name = "TrainingStateError";
}

const stateFailure = (reason: string): TrainingStateError =>
  new TrainingStateError(`Cannot use the saved state: ${reason}`);

/** What names of moments begin with. */
const MOMENT = "moment.";

/**
 * Bytes of a checkpoint.
 *
 * @param fingerprint What it may be continued with.
 * @param plan How the graph of the fingerprint was made to fit the memory.
 */
export function encodeTrainingState(
  state: TrainingState,
  fingerprint: Fingerprint,
  plan?: MemoryPlan,
): Uint8Array {
  const flat = (data: Float32Array) => tensor("float32", [data.length], data);
  const moments = Object.entries(state.moments);
  return encodeSafetensors({
    values: flat(state.values),
    ...Object.fromEntries(moments.map(([name, data]) => [`${MOMENT}${name}`, flat(data)])),
  }, {
    fingerprint: JSON.stringify(fingerprint),
    step: String(state.step),
    curve: JSON.stringify(state.curve),
    ...(plan === undefined ? {} : { plan: JSON.stringify(plan) }),
  });
}

const planSchema = z.strictObject({ microBatch: z.int().min(1), recompute: z.boolean() });

/** Where a training goes on, before its graph is there by which the state is checked. */
export interface SavedCourse {
  readonly step: number;
  /** Absent where it was saved before there were plans. */
  readonly plan?: MemoryPlan | undefined;
}

/** What a checkpoint says of its course; undefined where it cannot be read. */
export function savedCourse(bytes: Uint8Array): SavedCourse | undefined {
  try {
    const { metadata } = openState(bytes);
    const step = stepOf(metadata);
    if (metadata.plan === undefined) return { step };
    return { step, plan: planSchema.safeParse(jsonOf(metadata.plan, "plan")).data };
  } catch (error) {
    if (error instanceof TrainingStateError) return undefined;
    throw error;
  }
}

/** What a state has to have to go on with a training. */
export interface ExpectedState {
  readonly fingerprint: Fingerprint;
  /** Number of values. */
  readonly values: number;
  /** Names of the update rule's moments. */
  readonly moments: readonly string[];
}

/**
 * Reads a checkpoint.
 *
 * @throws {TrainingStateError} If it was made with something else than the fingerprint, or a part is
 * missing, damaged or of another size.
 */
export function decodeTrainingState(bytes: Uint8Array, expected: ExpectedState): TrainingState {
  const { tensors, metadata } = openState(bytes);
  const difference = differenceOf(
    jsonOf(metadata.fingerprint, "fingerprint"),
    expected.fingerprint,
  );
  if (difference !== undefined) throw stateFailure(difference);
  const state = {
    step: stepOf(metadata),
    values: partOf(tensors, "values", expected.values),
    moments: Object.fromEntries(
      expected.moments.map((name) => [name, partOf(tensors, MOMENT + name, expected.values)]),
    ),
    curve: curveOf(metadata),
  };
  if (state.curve.length === state.step) return state;
  throw stateFailure(
    `it belongs to step ${state.step}, its curve has ${state.curve.length} points`,
  );
}

function openState(bytes: Uint8Array): Safetensors {
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) throw stateFailure(error.message);
    throw error;
  }
}

/** A copy of a flat array of finite numbers. */
function partOf(tensors: Safetensors["tensors"], name: string, length: number): Float32Array {
  const found = tensors[name];
  if (found?.dtype !== "float32" || found.data.length !== length) {
    const what = found ? `${found.dtype} [${found.dims.join(", ")}]` : "none";
    throw stateFailure(`it needs "${name}" float32 [${length}], it has ${what}`);
  }
  const data = (found.data as Float32Array).slice();
  const wrong = data.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw stateFailure(`its "${name}" holds ${wrong}`);
  return data;
}

function stepOf({ step = "" }: Safetensors["metadata"]): number {
  if (/^\d{1,15}$/.test(step)) return Number(step);
  throw stateFailure(`its step is "${step.slice(0, 40)}", expected a whole number from 0`);
}

function curveOf(metadata: Safetensors["metadata"]): CurvePoint[] {
  const curve = jsonOf(metadata.curve, "curve");
  const checked = pointsSchema.safeParse(curve);
  if (checked.success) return checked.data;
  throw stateFailure(`in its curve ${issueText(checked.error.issues, curve)}`);
}

function jsonOf(json: string | undefined, name: string): unknown {
  try {
    return JSON.parse(json ?? "");
  } catch {
    throw stateFailure(`its ${name} is not JSON`);
  }
}
