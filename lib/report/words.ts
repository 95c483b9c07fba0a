/** Figures and names as the report writes them. @module */
import type { Difference, ReportData, Score } from "./report_data.ts";

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

/** How a method is written: prompts in capitals as the papers do. */
export function methodName(method: string): string {
  return /^(vp|tvp|evp)\b/.test(method) ? method.toUpperCase() : method;
}

/** `mini-minigpt4` for `zoo/mini-minigpt4` and for a path to it. */
export const modelName = (model: string): string => model.split("/").at(-1)!;

/** Where a comparison was made, in words. */
export function overName({ over, source }: Difference): string {
  if (over === "source") return `the source ${modelName(source)}`;
  return over === "unseen" ? "the unseen models (mean)" : modelName(over);
}

/** Whether an interval lies on one side of zero. */
export const isClear = ([lo, hi]: readonly [number, number]): boolean => lo > 0 || hi < 0;

/** One sentence on a comparison that says what its interval allows and no more. */
export function sentence(c: Difference): string {
  const what = `${methodName(c.a)} against ${c.b === "vp" ? "VP" : c.b}`;
  const figures = `${signed(c.difference)} points, 95 % interval ${interval(c.ci95)}`;
  const verdict = isClear(c.ci95) ? "" : "; the interval includes zero";
  return `${what} on ${overName(c)}: ${figures}${verdict}`;
}

/** The sentences at the top: the primary comparison, then every prompt against both baselines. */
export function headlines({ comparisons }: ReportData): string[] {
  const primary = comparisons.filter((c) => c.primary);
  const gains = comparisons.filter((c) => !c.primary && c.b === "none");
  return [...primary, ...gains].map(sentence);
}

/** Why no claim may be made, if so. */
export function unfairTest({ preconditions }: ReportData): string | undefined {
  const broken = preconditions.filter((c) => !c.holds);
  if (broken.length === 0) return undefined;
  return `Not a fair test: ${broken.map((c) => `${c.task}: ${c.name} (${c.found})`).join("; ")}`;
}

/** One block of the accuracy table: a task and the model the prompts were trained on. */
export interface Block {
  readonly task: string;
  readonly source: string;
  readonly methods: readonly string[];
  readonly models: readonly { readonly name: string; readonly role: Score["role"] }[];
  score(method: string, model: string): Score | undefined;
}

const ROLES = ["source", "unseen", "clip"];

/** The accuracy table in blocks: methods down, models across. */
export function blocksOf(data: ReportData): Block[] {
  const all = [...data.scores, ...data.unseenMeans];
  const pairs = new Set(
    all.filter((s) => s.source !== null).map((s) => JSON.stringify([s.task, s.source])),
  );
  const blocks = [...pairs].map((pair) => {
    const [task, source] = JSON.parse(pair) as [string, string];
    return blockOf(all, task, source);
  });
  return blocks.length ? blocks : [...new Set(all.map((s) => s.task))].map((t) => blockOf(all, t));
}

function blockOf(all: readonly Score[], task: string, source = ""): Block {
  const isMean = (s: Score) => s.model.startsWith("mean of ");
  const mine = all.filter((s) =>
    s.task === task && (s.source === source || (s.source === null && !isMean(s)))
  );
  const trainedOn = source.split(" + ");
  const models = new Map<string, Score["role"]>();
  for (const s of mine) {
    models.set(s.model, s.role === "clip" || isMean(s) ? s.role : rolesIn(trainedOn, s.model));
  }
  return {
    task,
    source,
    methods: [...new Set(mine.map((s) => s.method))],
    models: [...models].map(([name, role]) => ({ name, role }))
      .toSorted((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role)),
    score: (method, model) => mine.find((s) => s.method === method && s.model === model),
  };
}

function rolesIn(sources: readonly string[], model: string): Score["role"] {
  return sources.includes(model) ? "source" : "unseen";
}
