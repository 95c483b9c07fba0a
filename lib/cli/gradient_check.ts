/** Checks a gradient model against the model itself, name by name and direction by direction. @module */
import { type GradientCheck, openCheck, type Verdict } from "../autodiff/check/check_gradient.ts";
import { weightsToInputs } from "../autodiff/passes/weight_inputs.ts";
import { DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import type { Model } from "../onnx/ir/model.ts";
import { tensorFromWeight } from "../onnx/ir/weight.ts";
import { ModelSessions } from "../runtime/model_sessions.ts";
import { readRange } from "../runtime/weight_files.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What is checked. */
export interface GradientCheckTask {
  readonly model: Model;
  readonly gradient: Model;
  /** The gradient for random weights of the targets: asked for where their plain sum does not vary. */
  readonly weighted?: () => Model;
  readonly targets: readonly string[];
  readonly wrt: readonly string[];
  readonly straightThrough: boolean;
  /** Values of the model's inputs. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Of the first direction. */
  readonly seed: number;
  /** For each name. */
  readonly directions: number;
  /** No direction begins after this. */
  readonly limitMs: number;
  /** Called before each evaluation. */
  readonly onEvaluation?: (progress: CheckProgress) => void;
}

/** How far a check is. */
export interface CheckProgress {
  /** Evaluations of the model or the gradient so far. */
  readonly evaluations: number;
  /** Directions that are done, of how many. */
  readonly done: number;
  readonly directions: number;
}

/** The result in one direction. */
export interface CheckRow extends GradientCheck {
  readonly wrt: string;
  readonly seed: number;
  /** How the elements of the outputs are weighted in the sum that is compared. */
  readonly weights: "ones" | "random";
  /** Whether the gradient is right, kinks included. */
  readonly ok: boolean;
}

/** All results. */
export interface CheckReport {
  readonly rows: readonly CheckRow[];
  /** The worst of the rows; inconclusive too if a name was not reached. */
  readonly verdict: Verdict;
  readonly evaluations: number;
  readonly ms: number;
  /** Directions that the time limit left out. */
  readonly skipped: number;
}

/** Checks a gradient with ONNX Runtime on the processor. @throws {DiagnosticError} If it does not run. */
export async function checkDirections(task: GradientCheckTask): Promise<CheckReport> {
  const start = performance.now();
  const rows: CheckRow[] = [];
  const todo = task.wrt.flatMap((wrt) =>
    Array.from({ length: task.directions }, (_, i) => ({ wrt, seed: task.seed + i }))
  );
  let evaluations = 0;
  await using sessions = new ModelSessions({ provider: "cpu", graphOptimization: "basic" });
  const run = async (model: Model, feeds: Readonly<Record<string, Tensor>>) => {
    task.onEvaluation?.({ evaluations, done: rows.length, directions: todo.length });
    evaluations++;
    return await sessions.run(model, feeds);
  };
  const isLate = () => rows.length > 0 && performance.now() - start > task.limitMs;
  const checkAll = async (gradient: Model, weights: CheckRow["weights"], wanted: typeof todo) => {
    const check = await open(task, gradient, run);
    for (const { wrt, seed } of wanted) {
      if (isLate()) return;
      const found = await check([wrt], seed);
      const ok = found.verdict === "ok" || found.verdict === "kink";
      rows.push({ ...found, wrt, seed, weights, ok });
    }
  };
  await checkAll(task.gradient, task.weighted ? "ones" : "random", todo);
  const skipped = todo.length - rows.length;
  const flat = rows.filter(({ isZero }) => isZero);
  if (flat.length > 0 && task.weighted) await checkAll(task.weighted(), "random", flat);
  const verdict = worst(rows, skipped);
  return { rows, verdict, evaluations, ms: performance.now() - start, skipped };
}

type Run = (model: Model, feeds: Readonly<Record<string, Tensor>>) => Promise<
  Readonly<Record<string, Tensor>>
>;

async function open(task: GradientCheckTask, gradient: Model, run: Run) {
  const { wrt, targets, straightThrough, seed } = task;
  const feeds = { ...task.feeds, ...weightValues(task) };
  try {
    return await openCheck(weightsToInputs(task.model, wrt), feeds, run, {
      outputs: targets,
      wrt,
      straightThrough,
      seed,
      differentiated: weightsToInputs(gradient, wrt),
    });
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    const cause = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    throw diagnosticError("check-failed", `Cannot run the model on made-up inputs: ${cause}`, [
      "other sizes: --dim NAME=SIZE; real values: --feed NAME=FILE.npy",
    ]);
  }
}

function weightValues({ model, wrt }: GradientCheckTask): Record<string, Tensor> {
  return Object.fromEntries(wrt.flatMap((name) => {
    const weight = model.graph.initializers.get(name);
    return weight === undefined ? [] : [[name, tensorFromWeight(weight, readRange)]];
  }));
}

/** From the worst to the best. */
const order: readonly Verdict[] = ["differs", "inconclusive", "kink", "ok"];

function worst(rows: readonly CheckRow[], skipped: number): Verdict {
  const found = new Set<Verdict>(rows.map(({ verdict }) => verdict));
  if (skipped > 0) found.add("inconclusive");
  return order.find((verdict) => found.has(verdict)) ?? "ok";
}
