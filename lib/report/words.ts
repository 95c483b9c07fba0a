/** Figures and names as the report writes them. @module */
import type {
  Cost,
  Difference,
  ReportData,
  Score,
  Setting,
  Standing,
  Sweep,
} from "./report_data.ts";

/** `56.1` for 0.561. */
export const points = (x: number): string => (100 * x).toFixed(1);

/** `+7.4`, with a true minus sign. */
export function signed(x: number): string {
  const text = (100 * Math.abs(x)).toFixed(1);
  return x < 0 && text !== "0.0" ? `−${text}` : `+${text}`;
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

/** Where a comparison was made, in words. */
export function overName({ over, source }: Difference): string {
  if (over === "source") return `the source ${modelName(source)}`;
  return over === "unseen"
    ? "the unseen models (mean)"
    : "the models with another vision encoder (mean)";
}

/** `shots 16, seed 0`. */
export function settingName(setting: Setting = {}): string {
  return Object.entries(setting).map(([name, value]) => `${name} ${value}`).join(", ");
}

/** `, shots 16` where there is a setting. */
const inSetting = ({ setting }: { readonly setting?: Setting }): string =>
  setting === undefined ? "" : `, ${settingName(setting)}`;

/** Whether an interval lies on one side of zero. */
export const isClear = ([lo, hi]: readonly [number, number]): boolean => lo > 0 || hi < 0;

/** `TVP against VP on the unseen models (mean)`. */
function comparisonName(c: Difference): string {
  const from = c.over === "source" ? "" : `, prompts from ${modelName(c.source)}`;
  return `${methodName(c.a)} against ${methodName(c.b)} on ${overName(c)}${from}`;
}

/** One sentence on a comparison that says what its interval allows and no more. */
export function sentence(c: Difference): string {
  const figures = `${signed(c.difference)} points, 95 % interval ${interval(c.ci95)}`;
  const verdict = isClear(c.ci95) ? "" : "; the interval includes zero";
  return `${c.task}${inSetting(c)}: ${comparisonName(c)}: ${figures}${verdict}`;
}

/** One sentence on the same comparison in several settings. */
function sentenceOfMany(all: readonly Difference[]): string {
  const differences = all.map((c) => c.difference).toSorted((a, b) => a - b);
  const mean = differences.reduce((sum, x) => sum + x, 0) / all.length;
  const range = `from ${signed(differences[0]!)} to ${signed(differences.at(-1)!)}`;
  const clear = all.filter((c) => isClear(c.ci95)).length;
  return `${all[0]!.task}: ${comparisonName(all[0]!)}: ${
    signed(mean)
  } points over ${all.length} settings (${range}); the 95 % interval excludes zero in ${clear} of them`;
}

/** Headlines beyond this many are folded away. */
export const openHeadlines = 8;

/** The sentences at the top: the primary comparison, then every prompt against no prompt. */
export function headlines({ comparisons }: ReportData): string[] {
  const chosen = comparisons.filter((c) => c.primary || c.b === "none")
    .toSorted((a, b) => Number(b.primary) - Number(a.primary));
  const groups = new Map<string, Difference[]>();
  for (const c of chosen) {
    const key = JSON.stringify([c.task, c.source, c.a, c.b, c.over]);
    groups.set(key, [...groups.get(key) ?? [], c]);
  }
  return [...groups.values()].flatMap((group) => {
    const plain = group.filter((c) => c.setting === undefined);
    const set = group.filter((c) => c.setting !== undefined);
    return [...plain.map(sentence), ...(set.length > 0 ? [sentenceOfMany(set)] : [])];
  });
}

/** Task, setting and source of a comparison. */
export function whereOf(c: Difference): string {
  return `${c.task}${inSetting(c)}, ${modelName(c.source)}`;
}

/** How metrics beside the mean are written. */
export const metricNames: Readonly<Record<string, string>> = {
  precision: "precision",
  recall: "recall",
  f1: "F1",
  yesRatio: "yes",
  auc: "ROC-AUC",
  top5: "top-5",
};

/** Scores of a block that have metrics beside the mean, and the names of these. */
export function furtherMetrics(block: Block): {
  readonly names: readonly string[];
  readonly scores: readonly Score[];
} {
  const scores = block.methods.flatMap((method) =>
    block.models.flatMap(({ name }) => block.score(method, name) ?? [])
  ).filter(({ metrics }) => Object.keys(metrics).length > 0);
  return { names: Object.keys(scores[0]?.metrics ?? {}), scores };
}

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
    const count = failing.length === 1
      ? ""
      : `${failing.length} of ${all} conditions fail, such as `;
    return `Not a fair test of ${task}: ${count}${name} (${found}).`;
  }).join(" ");
}

/** One block of the accuracy table: a task in a setting, and the model the prompts were trained on. */
export interface Block {
  readonly title: string;
  readonly methods: readonly string[];
  readonly models: readonly { readonly name: string; readonly role: Standing }[];
  score(method: string, model: string): Score | undefined;
}

const standings: readonly Standing[] = ["source", "unseen", "own-encoder", "clip"];

/** How a standing is written. */
export const standingName = (role: Standing): string => role.replace("own-encoder", "own encoder");

const isMean = (s: Score): boolean => s.model.startsWith("mean of ");

/** What the scores of one block have in common. */
interface Common {
  readonly task: string;
  readonly setting?: Setting;
  readonly source: string | null;
}

const keyOf = ({ task, setting, source }: Common): string =>
  JSON.stringify([task, setting ?? {}, source]);

/** The accuracy table in blocks: methods down, models across. */
export function blocksOf(data: ReportData): Block[] {
  const all = [...data.scores, ...data.unseenMeans];
  const trained = all.filter((s) => s.source !== null);
  const distinct = new Map((trained.length ? trained : all).map((s) => [keyOf(s), s]));
  return [...distinct.values()].map((common) => blockOf(all, common));
}

function blockOf(all: readonly Score[], common: Common): Block {
  const { source } = common;
  const own = keyOf(common);
  const baseline = keyOf({ ...common, source: null });
  const mine = all.filter((s) => keyOf(s) === own || (keyOf(s) === baseline && !isMean(s)));
  const models = new Map<string, Standing>();
  for (const s of mine) models.set(s.model, roleBeside(source, s));
  const prompts = source === null ? "" : `, prompts trained on ${modelName(source)}`;
  return {
    title: `${common.task}${inSetting(common)}${prompts}`,
    methods: [...new Set(mine.map((s) => s.method))],
    models: [...models].map(([name, role]) => ({ name, role }))
      .toSorted((a, b) => standings.indexOf(a.role) - standings.indexOf(b.role)),
    score: (method, model) => mine.find((s) => s.method === method && s.model === model),
  };
}

/** A model may be the source of one prompt and unseen by another. */
function roleBeside(source: string | null, { model, role }: Score): Standing {
  if (source === null || role === "clip" || role === "own-encoder") return role;
  return source.split(" + ").includes(model) ? "source" : "unseen";
}
