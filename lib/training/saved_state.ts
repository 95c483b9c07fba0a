/** Parts of a training's saved state, checked: a crash or a stranger may have changed the file. @module */
import { decodeSafetensors, type Safetensors } from "../tensor/safetensors.ts";

/** The bytes are no state of a training; the message says why. */
export class TrainingStateError extends SyntaxError {
  override readonly name = "TrainingStateError";
}

/** A failure to read a saved state. */
export const stateFailure = (cause: string): TrainingStateError =>
  new TrainingStateError(`Cannot use the saved state: ${cause}`);

/** Opens a saved state. @throws {TrainingStateError} If it is no safetensors file. */
export function openState(bytes: Uint8Array): Safetensors {
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) throw stateFailure(error.message);
    throw error;
  }
}

/** A copy of a flat array of finite numbers. @throws {TrainingStateError} If it is none. */
export function statePart(
  tensors: Safetensors["tensors"],
  name: string,
  length: number,
): Float32Array {
  const found = tensors[name];
  if (found?.dtype !== "float32" || found.data.length !== length || length === 0) {
    throw stateFailure(
      `it needs "${name}" float32${length > 0 ? ` [${length}]` : ""}, it has ${
        found ? `${found.dtype} [${found.dims.join(", ")}]` : "none"
      }`,
    );
  }
  const data = (found.data as Float32Array).slice();
  const wrong = data.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw stateFailure(`its "${name}" holds ${wrong}`);
  return data;
}

/** The number of updates so far. @throws {TrainingStateError} If it is no whole number. */
export function stateStep({ step = "" }: Safetensors["metadata"]): number {
  if (/^\d{1,15}$/.test(step)) return Number(step);
  throw stateFailure(`its step is "${step.slice(0, 40)}", expected a whole number from 0`);
}
