/** Whether an experiment would be a fair test, before any prompt is trained or any test image is answered. @module */
import type { Precondition } from "../artifacts/report.ts";
import type { Scores } from "../artifacts/scores.ts";
import { agreementsOf } from "./agreement.ts";
import { type Cell, cellsOf, type Sample } from "./cells.ts";
import { runsIn, verdictsOf } from "./preconditions.ts";

/** The three splits of a task, of which none is answered here. */
export type Splits = Readonly<Record<"training" | "validation" | "test", Sample>>;

/** A row of a split. */
interface SplitRow {
  readonly cluster: string;
  readonly style?: string;
  /** Index of its class, where the task has classes. */
  readonly label?: number;
  readonly answer: string;
}

/** Rows of a split as a sample: classes by their index, other answers by their text. */
export function sampleOf(
  { rows, info }: {
    readonly rows: readonly SplitRow[];
    readonly info: { readonly classes?: readonly string[] };
  },
): Sample {
  return {
    ...(info.classes === undefined ? {} : { classes: info.classes }),
    rows: rows.map(({ cluster, style, label, answer }) => ({
      cluster,
      ...(style === undefined ? {} : { style }),
      answer: label ?? answer,
    })),
  };
}

/**
 * The conditions of a task by baselines on its validation split. Every model counts as a source in
 * turn: the rest are then compared with each other.
 *
 * @param scores Of baselines on validation images; those of other tasks are left out.
 */
export function fairnessOf(
  task: string,
  scores: readonly Scores[],
  splits: Splits,
): readonly Precondition[] {
  const cells = cellsOf(scores.filter((run) => run.task === task));
  const models = [...new Set(cells.map(({ model }) => model))];
  const isClip = (model: string) => scores.some((s) => s.model === model && s.role === "clip");
  const asked = models.filter((model) => !isClip(model));
  return [
    measured(task, cells, { models: asked, isClipAsked: asked.length < models.length, splits }),
    ...verdictsOf({
      task,
      runs: runsIn(cells),
      agreements: agreementsOf(cells, asked.length < leastModels ? [anyPrompt] : asked),
      test: splits.test,
      splits,
      isValidated: true,
    }),
  ];
}

/** Baselines that every condition about frames needs. */
const needed = ["shrunk", "plain", "noise"] as const;

/** Models of which each has two others to agree with. */
const leastModels = 3;

/** What fewer models are unseen by, so that they agree with one another. */
const anyPrompt = "any prompt";

/** What was not measured cannot fail: that would let a test pass. */
function measured(
  task: string,
  cells: readonly Cell[],
  { models, isClipAsked, splits }: {
    readonly models: readonly string[];
    readonly isClipAsked: boolean;
    readonly splits: Splits;
  },
): Precondition {
  const methods = new Set(cells.map(({ runs }) => runs[0]!.method));
  const lacking = [
    ...needed.filter((method) => !methods.has(method)),
    ...(models.length < leastModels ? [`models (${models.length} of ${leastModels})`] : []),
    // A CLIP has no free answers.
    ...(isClipAsked || splits.test.classes === undefined ? [] : ["a CLIP"]),
  ];
  return {
    task,
    name: "everything that the conditions need was measured",
    holds: lacking.length === 0,
    found: lacking.length === 0 ? needed.join(", ") : `missing: ${lacking.join(", ")}`,
    on: "validation",
  };
}

/** One line a condition: `ok …` or `NOT …`, and what was found. */
export function fairnessLines(conditions: readonly Precondition[]): readonly string[] {
  return conditions.map(({ name, holds, found, on }) =>
    `${holds ? "ok " : "NOT"} ${name} (${on}: ${found})`
  );
}
