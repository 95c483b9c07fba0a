/**
 * Splits the table of accuracies into blocks: one for each task, setting and source of prompts.
 *
 * @module
 */
import type { Metric, ReportData, ScoreSummary, Standing } from "../artifacts/report.ts";
import type { Setting } from "../artifacts/scores.ts";
import { inSetting, modelName } from "./words.ts";

/** One block of the accuracy table: a task in a setting, and the model the prompts were trained on. */
export interface Block {
  readonly title: string;
  readonly methods: readonly string[];
  readonly models: readonly { readonly name: string; readonly role: Standing }[];
  /** Images, drawings and what else the intervals are of. */
  readonly sample: string;
  score(method: string, model: string): ScoreSummary | undefined;
  /** Size of δ of a method. */
  delta(method: string): ScoreSummary["delta"];
}

const standings: readonly Standing[] = ["source", "unseen", "own-encoder", "clip"];

/** How a standing is written. */
export const standingName = (role: Standing): string =>
  role.replace("own-encoder", "other encoder");

const isMean = (s: ScoreSummary): boolean => s.model.startsWith("mean of ");

/** Whether a mean says more than the column of its only model. */
const isOfSeveral = (s: ScoreSummary): boolean => s.model !== "mean of 1 unseen";

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
  const all = [...data.scores, ...data.unseenMeans.filter(isOfSeveral)];
  const trained = all.filter((s) => s.source !== null);
  const distinct = new Map((trained.length ? trained : all).map((s) => [keyOf(s), s]));
  const byKey = Map.groupBy(all, keyOf);
  return [...distinct.values()].map((common) => blockOf(byKey, common));
}

function blockOf(byKey: ReadonlyMap<string, readonly ScoreSummary[]>, common: Common): Block {
  const { source } = common;
  const own = byKey.get(keyOf(common)) ?? [];
  const baselines = byKey.get(keyOf({ ...common, source: null })) ?? [];
  const mine = source === null ? own : [...baselines.filter((s) => !isMean(s)), ...own];
  const models = new Map<string, Standing>();
  for (const s of mine) models.set(s.model, roleBeside(source, s));
  const prompts = source === null ? "" : `, prompts trained on ${modelName(source)}`;
  return {
    title: `${common.task}${inSetting(common)}${prompts}`,
    methods: [...new Set(mine.map((s) => s.method))],
    models: [...models].map(([name, role]) => ({ name, role }))
      .toSorted((a, b) => standings.indexOf(a.role) - standings.indexOf(b.role)),
    sample: sampleOf(mine),
    score: (method, model) => mine.find((s) => s.method === method && s.model === model),
    delta: (method) => mine.find((s) => s.method === method)!.delta,
  };
}

/** `1000 images of 40 drawings in 10 classes, 4 styles; 3 seeds` */
function sampleOf(scores: readonly ScoreSummary[]): string {
  const [{ rows, clusters, strata, styles }] = scores as [ScoreSummary];
  const seeds = Math.max(...scores.map((s) => s.seeds.length));
  return [
    `${rows} images of ${clusters} drawings${strata > 1 ? ` in ${strata} classes` : ""}`,
    ...(styles > 0 ? [`${styles} art styles`] : []),
    `${seeds} seed${seeds === 1 ? "" : "s"}`,
  ].join(", ");
}

/** A model may be the source of one prompt and unseen by another. */
function roleBeside(source: string | null, { model, role }: ScoreSummary): Standing {
  if (source === null || role === "clip" || role === "own-encoder") return role;
  return source.split(" + ").includes(model) ? "source" : "unseen";
}

/** Scores of a block that have metrics beside the mean, and the names of these. */
export function furtherMetrics(block: Block): {
  readonly names: readonly Metric[];
  readonly scores: readonly ScoreSummary[];
} {
  const scores = block.methods.flatMap((method) =>
    block.models.flatMap(({ name }) => block.score(method, name) ?? [])
  ).filter(({ metrics }) => Object.keys(metrics).length > 0);
  return { names: Object.keys(scores[0]?.metrics ?? {}) as Metric[], scores };
}
