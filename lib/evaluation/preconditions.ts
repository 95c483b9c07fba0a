/** Checks whether an experiment is a fair test, before anything is claimed. @module */
import { points } from "../report/words.ts";
import type { Agreement, Precondition } from "../artifacts/report.ts";
import type { Scores } from "../artifacts/scores.ts";
import { type Cell, groupBy, layoutOfRun, type Sample } from "./cells.ts";
import { metricsOf } from "./metrics.ts";

/** What is known before any prompt is tried. */
export interface Evidence {
  readonly task: string;
  /** Runs of baselines by method, one a model, CLIP among them. */
  readonly runs: (method: string) => readonly Scores[];
  readonly agreements: readonly Agreement[];
  readonly test: Sample;
  /** All splits by name, where they are known. */
  readonly splits?: Readonly<Record<string, Sample>>;
  /** Whether baselines were run on the validation split; otherwise on the test split. */
  readonly isValidated: boolean;
}

/** What a condition says of a task; undefined where it cannot be asked. */
interface Verdict {
  readonly name: string;
  readonly holds: boolean;
  readonly found: string;
}

/** Accuracy on the shrunk image that leaves room both ways. */
const room = [0.55, 0.85] as const;
const leastAboveChance = 0.1;
const maxFrameCost = 0.05;
const maxKappa = 0.5;
const leastEffectiveModels = 3;
const leastAuc = 0.65;
const yesShares = [0.3, 0.7] as const;
const leastClusters = { inAll: 60, ofAClass: 4 };

const percent = (x: number) => `${points(x)} %`;

/** `zoo/a 48.0 %, zoo/b 51.2 %` */
const listed = (runs: readonly Scores[], value: (run: Scores) => number) =>
  runs.map((run) => `${run.model} ${percent(value(run))}`).join(", ");

const models = (runs: readonly Scores[]) => runs.filter(({ role }) => role !== "clip");

const isBetween = (x: number, [from, to]: readonly [number, number]) => x >= from && x <= to;

/** All conditions, in the order of the report. */
const conditions: readonly ((evidence: Evidence) => Verdict | undefined)[] = [
  nothingShared,
  inRoom,
  aboveChance,
  (evidence) => frameCost(evidence, "plain"),
  (evidence) => frameCost(evidence, "noise"),
  encodersDiffer,
  enoughModels,
  clipKnowsMore,
  yesNoIsOrdered,
  yesNoIsBalanced,
  enoughClusters,
];

/** Of a split's drawings, photos or handwritings. */
const clustersIn = ({ rows }: Sample) => new Set(rows.map(({ cluster }) => cluster));

function nothingShared({ splits }: Evidence): Verdict | undefined {
  if (splits === undefined) return undefined;
  const sets = Object.entries(splits).map(([name, rows]) => [name, clustersIn(rows)] as const);
  const shared = sets.flatMap(([a, first], i) =>
    sets.slice(i + 1).flatMap(([b, second]) => {
      const count = first.intersection(second).size;
      return count === 0 ? [] : [`${a} and ${b} share ${count}`];
    })
  );
  return {
    name: "training, validation and test share no drawing",
    holds: shared.length === 0,
    found: shared.length === 0
      ? sets.map(([name, { size }]) => `${name} ${size}`).join(", ")
      : shared.join(", "),
  };
}

function inRoom({ runs }: Evidence): Verdict | undefined {
  const shrunk = models(runs("shrunk"));
  return shrunk.length === 0 ? undefined : {
    name: "every model is right on 55 to 85 % of the shrunk images",
    holds: shrunk.every(({ mean }) => isBetween(mean, room)),
    found: listed(shrunk, ({ mean }) => mean),
  };
}

function aboveChance({ runs }: Evidence): Verdict | undefined {
  const shrunk = models(runs(runs("shrunk").length > 0 ? "shrunk" : "none"));
  if (shrunk.length === 0) return undefined;
  const chance = chanceOf(shrunk[0]!);
  return {
    name: "every model is at least 10 points above chance without a prompt",
    holds: shrunk.every(({ mean }) => mean >= chance + leastAboveChance),
    found: `${listed(shrunk, ({ mean }) => mean)}; chance ${percent(chance)}`,
  };
}

/** What guessing scores: any of the classes, or the commonest of free answers every time. */
function chanceOf({ classes, rows }: Scores): number {
  if (classes) return 1 / classes.length;
  const counts = [...groupBy(rows, ({ answer }) => `${answer}`).values()].map((r) => r.length);
  return Math.max(0, ...counts) / Math.max(1, rows.length);
}

/** The cost of seeing anything in the frame: of several frames, of the one that costs a model most. */
function frameCost({ runs }: Evidence, frame: "plain" | "noise"): Verdict | undefined {
  const framed = groupBy(models(runs(frame)), ({ model }) => model);
  const costs = runs("shrunk").flatMap(({ model, mean }) => {
    const tried = framed.get(model)?.map((run) => ({ cost: mean - run.mean, rms: run.delta.rms }));
    const [worst] = (tried ?? []).toSorted((x, y) => y.cost - x.cost);
    return worst === undefined ? [] : [{ model, ...worst }];
  });
  const strengths = new Set(runs(frame).map(({ delta }) => delta.rms.toFixed(2)));
  const at = (rms: number) => strengths.size > 1 ? ` at RMS ${rms.toFixed(2)}` : "";
  return costs.length === 0 ? undefined : {
    name: `a ${frame} frame as strong as a prompt costs every model at most 5 points`,
    holds: costs.every(({ cost }) => cost <= maxFrameCost),
    found: costs.map(({ model, cost, rms }) => `${model} ${points(cost)}${at(rms)}`).join(", "),
  };
}

function encodersDiffer({ agreements }: Evidence): Verdict | undefined {
  if (agreements.length === 0) return undefined;
  const kappas = agreements.flatMap((a) => a.kappaAcrossEncoders ?? []);
  return {
    name: "models with different vision encoders agree little: κ is at most 0.5",
    holds: kappas.length > 0 && kappas.every((kappa) => kappa <= maxKappa),
    found: kappas.length === 0
      ? "all unseen models share one encoder"
      : `κ ${[...new Set(kappas.map((k) => k.toFixed(2)))].join(", ")}`,
  };
}

function enoughModels({ agreements }: Evidence): Verdict | undefined {
  if (agreements.length === 0) return undefined;
  return {
    name: "the unseen models count as at least 3 independent ones",
    holds: agreements.every(({ effective }) => effective >= leastEffectiveModels),
    found: agreements.map(({ models, effective, source }) =>
      `${models.length} models unseen by ${source} count as ${effective.toFixed(1)}`
    ).join(", "),
  };
}

/** CLIP is to teach the models. */
function clipKnowsMore({ runs }: Evidence): Verdict | undefined {
  const shrunk = runs("shrunk");
  const clip = shrunk.find(({ role }) => role === "clip");
  const others = models(shrunk);
  if (!clip || others.length === 0) return undefined;
  const mean = others.reduce((sum, run) => sum + run.mean, 0) / others.length;
  return {
    name: "CLIP is right more often on the shrunk images than the models on average",
    holds: clip.mean > mean,
    found: `CLIP ${percent(clip.mean)}, models ${percent(mean)}`,
  };
}

const yesNoRuns = ({ runs }: Evidence) =>
  models(runs("shrunk")).filter((run) => metricsOf(run).yesRatio !== undefined);

function yesNoIsOrdered(evidence: Evidence): Verdict | undefined {
  const runs = yesNoRuns(evidence).filter((run) => metricsOf(run).auc !== undefined);
  const auc = (run: Scores) => metricsOf(run).auc!;
  return runs.length === 0 ? undefined : {
    name: "every model ranks yes before no: ROC-AUC is at least 65 %",
    holds: runs.every((run) => auc(run) >= leastAuc),
    found: listed(runs, auc),
  };
}

function yesNoIsBalanced(evidence: Evidence): Verdict | undefined {
  const runs = yesNoRuns(evidence);
  const yes = (run: Scores) => metricsOf(run).yesRatio!;
  return runs.length === 0 ? undefined : {
    name: "every model says yes to 30 to 70 % of the questions",
    holds: runs.every((run) => isBetween(yes(run), yesShares)),
    found: listed(runs, yes),
  };
}

function enoughClusters({ test }: Evidence): Verdict {
  const { clusters } = layoutOfRun(test);
  const inClasses = test.classes === undefined ? [] : [
    ...groupBy(test.rows, ({ answer }) => `${answer}`).values(),
  ].map((rows) => new Set(rows.map(({ cluster }) => cluster)).size);
  const least = Math.min(...inClasses);
  const count = clusters.sizes.length;
  return {
    name: "the test has at least 60 different drawings, at least 4 of each class",
    holds: count >= leastClusters.inAll && least >= leastClusters.ofAClass,
    found: `${count}${inClasses.length > 0 ? `, at least ${least} of each class` : ""}`,
  };
}

/** Conditions of the data, on any split that baselines were run on. */
const ofTheTest: ReadonlySet<unknown> = new Set([enoughClusters, nothingShared]);

/** What all conditions say that can be asked. */
export function verdictsOf(evidence: Evidence): Precondition[] {
  const { task, isValidated } = evidence;
  return conditions.flatMap((condition) => {
    const verdict = condition(evidence);
    const on = ofTheTest.has(condition) || !isValidated ? "test" : "validation";
    return verdict === undefined ? [] : [{ task, ...verdict, on }];
  });
}

/** Runs of a method, one a model. */
export const runsIn = (cells: readonly Cell[]) => (method: string) =>
  cells.filter((c) => c.runs[0]!.method === method).map((c) => c.runs[0]!);

/**
 * The conditions of one task.
 *
 * @param cells On the test split.
 * @param validation On the validation split, where it was evaluated: conditions are of it then, but
 * for the number of drawings, which is the test's.
 */
export function preconditionsOf(
  cells: readonly Cell[],
  agreements: readonly Agreement[],
  validation?: { readonly cells: readonly Cell[]; readonly agreements: readonly Agreement[] },
): Precondition[] {
  const test = cells[0]!.runs[0]!;
  const measured = validation ?? { cells, agreements };
  return verdictsOf({
    task: test.task,
    runs: runsIn(measured.cells),
    agreements: measured.agreements,
    test: test as Sample,
    isValidated: validation !== undefined,
  });
}
