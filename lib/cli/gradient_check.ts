/** Compares a gradient model with finite differences, in several random directions. @module */
import { checkGradient } from "../autodiff/check_gradient.ts";
import { weightsToInputs } from "../autodiff/prepare.ts";
import type { Model } from "../onnx/model.ts";
import { tensorFromWeight } from "../onnx/weight.ts";
import { openSession, type Session } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { readRange } from "../runtime/weight_files.ts";
import { failure } from "./read_model.ts";

/** What is checked. */
export interface GradientCheckTask {
  readonly model: Model;
  readonly gradient: Model;
  readonly targets: readonly string[];
  readonly wrt: readonly string[];
  /** Values of the model's inputs. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Of the first direction. */
  readonly seed: number;
  readonly directions: number;
}

/** The result in one direction. */
export interface DirectionCheck {
  readonly seed: number;
  readonly analytic: number;
  readonly numeric: number;
  /** Length of the step with which the differences agree best. */
  readonly step: number;
  /** |analytic − numeric| over the largest of them and the norm of the gradient. */
  readonly error: number;
  readonly ok: boolean;
}

/** Differences of float32 values agree to about three digits. */
export const checkTolerance = 1e-2;

/** A short step drowns in rounding, a long one in curvature; the middle is tried first. */
const steps = [1e-2, 1e-3, 1e-1, 1e-4];

/**
 * Checks a gradient with ONNX Runtime on the processor.
 *
 * @throws {DiagnosticError} If the model does not run on its inputs.
 */
export async function checkDirections(task: GradientCheckTask): Promise<readonly DirectionCheck[]> {
  const { wrt } = task;
  const model = weightsToInputs(task.model, wrt);
  const differentiated = weightsToInputs(task.gradient, wrt);
  const feeds = { ...task.feeds, ...weightValues(task) };
  refuseShortFloats(feeds, wrt);
  await using sessions = new Sessions();
  const checks: DirectionCheck[] = [];
  for (let seed = task.seed; seed < task.seed + task.directions; seed++) {
    let best: DirectionCheck | undefined;
    for (const step of steps) {
      const options = { outputs: task.targets, wrt, seed, step, differentiated };
      const { analytic, numeric, norm } = await checkGradient(
        model,
        feeds,
        (m, values) => sessions.run(m, values),
        options,
      );
      const size = Math.max(Math.abs(analytic), Math.abs(numeric), norm);
      const error = size === 0 ? 0 : Math.abs(analytic - numeric) / size;
      const ok = error <= checkTolerance;
      if (best === undefined || !(error >= best.error)) {
        best = { seed, analytic, numeric, step, error, ok };
      }
      if (ok) break;
    }
    checks.push(best!);
  }
  return checks;
}

function weightValues({ model, wrt }: GradientCheckTask): Record<string, Tensor> {
  return Object.fromEntries(wrt.flatMap((name) => {
    const weight = model.graph.initializers.get(name);
    return weight === undefined ? [] : [[name, tensorFromWeight(weight, readRange)]];
  }));
}

function refuseShortFloats(feeds: Readonly<Record<string, Tensor>>, wrt: readonly string[]): void {
  for (const name of wrt) {
    const { dtype } = feeds[name]!;
    if (dtype === "float32" || dtype === "float64") continue;
    throw failure("unchecked-type", `Cannot check the gradient of "${name}": it is ${dtype}`, [
      "differences of 16-bit values say nothing; check the float32 model",
    ]);
  }
}

/** A session per model, opened when it first runs. */
class Sessions implements AsyncDisposable {
  readonly #open = new Map<Model, Session>();

  async run(model: Model, feeds: Readonly<Record<string, Tensor>>) {
    let session = this.#open.get(model);
    if (session === undefined) {
      session = await openSession(model, { provider: "cpu" });
      this.#open.set(model, session);
    }
    const used = session.inputs.map(({ name }) => [name, feeds[name]!] as const);
    try {
      return await session.run(Object.fromEntries(used));
    } catch (error) {
      const cause = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
      throw failure("check-failed", `Cannot run the model on made-up inputs: ${cause}`, [
        "other sizes: --dim NAME=SIZE; real values: --feed NAME=FILE.npy",
      ]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#open.values()) await session[Symbol.asyncDispose]();
  }
}
