/** Formats figures and names for the report. @module */
import type { Cost } from "../artifacts/cost.ts";
import type {
  Agreement,
  Comparison,
  Metric,
  Primary,
  ReportData,
  Sample,
  ScoreSummary,
  Sweep,
} from "../artifacts/report.ts";
import type { Setting } from "../artifacts/scores.ts";

/**
 * The size of a share in percent, with one decimal. Halves are rounded up: 0.4755 is `47.6`. The small
 * number makes that so for each binary fraction near a half, such as 0.47549999999999998.
 */
const tenths = (x: number): string => (Math.round(1000 * Math.abs(x) + 1e-6) / 10).toFixed(1);

/** `56.1` for 0.561, with a true minus sign. */
export function points(x: number): string {
  const text = tenths(x);
  return x < 0 && text !== "0.0" ? `−${text}` : text;
}

/** `+7.4`, with a true minus sign. */
export function signed(x: number): string {
  const text = points(x);
  return text.startsWith("−") ? text : `+${text}`;
}

/** `[+3.7, +11.1]`. */
export const interval = ([lo, hi]: readonly [number, number]): string =>
  `[${signed(lo)}, ${signed(hi)}]`;

/** `0.003`, `< 0.001`. */
export const probability = (p: number): string => p < 0.001 ? "< 0.001" : p.toFixed(3);

/** How a method is written: its name in capitals as the papers do, what differs from it as it is. */
export function methodName(method: string): string {
  return method.replace(/^(vp|tvp|evp|acavp)(?![\w-])/, (name) => name.toUpperCase());
}

/** `mini-minigpt4` for `zoo/mini-minigpt4` and for a path to it; of several sources, each. */
export const modelName = (model: string): string =>
  model.split(" + ").map((one) => one.split("/").at(-1)!).join(" + ");

/** `shots 16, seed 0`. */
function settingName(setting: Setting = {}): string {
  return Object.entries(setting).map(([name, value]) => `${name} ${value}`).join(", ");
}

/** `, shots 16` where there is a setting. */
export const inSetting = ({ setting }: { readonly setting?: Setting }): string =>
  setting === undefined ? "" : `, ${settingName(setting)}`;

/** Whether an interval lies on one side of zero. */
export const isClear = ([lo, hi]: readonly [number, number]): boolean => lo > 0 || hi < 0;

/** Size of δ: `0.24 (peak 0.91)`, or a dash without one. */
export const deltaName = ({ rms, peak }: ScoreSummary["delta"]): string =>
  rms === 0 ? "–" : `${amplitude(rms)} (peak ${amplitude(peak)})`;

/** Size of changes to pixels, with two significant digits at least: `0.24`, `0.00050`. */
export const amplitude = (x: number): string =>
  x === 0 || x >= 0.1 ? x.toFixed(2) : x.toPrecision(2);

/** `1000 / 40 / 3`: images, drawings, seeds. */
export const sampleSizes = ({ rows, clusters, seeds }: Comparison): string =>
  `${rows} / ${clusters} / ${seeds}`;

/** Why an interval is the cautious one, if it is. */
export function cautionOf({ differing, clusters }: Sample): string | undefined {
  if (differing === undefined) return undefined;
  return differing === 0
    ? `all drawings of a class gave the same value`
    : `only ${differing} of ${clusters} drawings differ from the rest of their class`;
}

/** The sign of a cautious interval. */
export const cautionMark = (sample: Sample): string => cautionOf(sample) === undefined ? "" : "†";

/** What the intervals are, for this report's data. */
export function methodNote({ comparisons, scores }: ReportData): string {
  const all = [...comparisons, ...scores];
  const seeds = new Set(comparisons.map((c) => c.seeds));
  const parts = [
    "Intervals and p come from one model: the drawings vary class by class (Student's t with drawings minus classes as degrees of freedom)",
    all.some((s) => s.styles > 0) && "the art styles vary too, where that is more",
    [...seeds].some((n) => n > 1) && "the seeds of training vary, with a t of their own",
  ].filter((part) => part !== false);
  const notes = [
    `${parts.join("; ")}. p is below 0.05 exactly where the interval excludes zero.`,
    seeds.has(1) && "With one seed they hold for these trained prompts alone.",
    all.some((s) => s.differing !== undefined) &&
    "† Fewer than five drawings differ from the rest of their class: the interval is an exact, cautious bound (Clopper–Pearson over drawings).",
    all.some((s) => s.joined > 0) &&
    `Classes with a single drawing (${
      Math.max(...all.map((s) => s.joined))
    }) were joined with others, which makes intervals wider.`,
  ];
  return notes.filter((note) => note !== false).join(" ");
}

/** How many independent models the unseen ones count as. */
export function agreementName(a: Agreement): string {
  const across = a.kappaAcrossEncoders === undefined
    ? "all share one vision encoder"
    : `${a.kappaAcrossEncoders.toFixed(2)} between different vision encoders`;
  return `${a.task}: the ${a.models.length} models unseen by ${modelName(a.source)} count as ${
    a.effective.toFixed(1)
  } independent ones: their hits correlate by ${
    a.correlation.toFixed(2)
  } on ${a.method} images, κ of their answers is ${a.kappa.toFixed(2)} (${across})`;
}

/** A comparison named beforehand that was not made. */
export const missingName = ({ a, b, over }: Primary): string =>
  `${methodName(a)} − ${
    methodName(b)
  } over ${over} models was named beforehand, but has no scores.`;

/** Task, setting and source of a comparison. */
export function whereOf(c: Comparison): string {
  return `${c.task}${inSetting(c)}, ${modelName(c.source)}`;
}

/** How metrics beside the mean are written. */
export const metricNames: Readonly<Record<Metric, string>> = {
  precision: "precision",
  recall: "recall",
  f1: "F1",
  yesRatio: "yes",
  auc: "ROC-AUC",
  top5: "top-5",
  classMean: "mean over classes",
  vqa: "VQA accuracy",
  exact: "equal",
  contains: "contained",
};

/** Columns of the table of costs. */
export const costHeads = ["method", "source", "GFLOP / step", "ms / step", "MB above start", "on"];

/** One row of the table of costs. */
export function costCells(c: Cost): readonly string[] {
  return [
    methodName(c.method),
    modelName(c.source),
    (c.flops / 1e9).toPrecision(3),
    c.ms.toPrecision(3),
    (c.peakBytes / 1e6).toFixed(0),
    `${c.provider}, ${c.threads} thread${c.threads === 1 ? "" : "s"}, batch ${c.batch}`,
  ];
}

/** Whose accuracy a sweep shows, in words. */
export function sweepName({ task, source, over, name }: Sweep): string {
  const whose = over === "source" ? modelName(source) : `unseen by ${modelName(source)}`;
  return `${task}, ${whose}, by ${name}`;
}

/** Why no claim may be made, if so. */
export function unfairTest({ preconditions }: ReportData): string | undefined {
  const broken = preconditions.filter((c) => !c.holds);
  if (broken.length === 0) return undefined;
  const tasks = [...new Set(broken.map((c) => c.task))];
  return tasks.map((task) => {
    const failing = broken.filter((c) => c.task === task);
    const all = preconditions.filter((c) => c.task === task).length;
    const { name, found } = failing[0]!;
    return failing.length === 1
      ? `Not a fair test of ${task}: one condition fails: ${name} (${found}).`
      : `Not a fair test of ${task}: ${failing.length} of ${all} conditions fail. The first: ${name} (${found}).`;
  }).join(" ");
}
