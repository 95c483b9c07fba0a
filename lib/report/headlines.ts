/** Says what was found, in sentences that claim no more than the intervals allow. @module */
import type { Comparison, ReportData, ScoreSummary } from "../artifacts/report.ts";
import {
  inSetting,
  interval,
  isClear,
  methodName,
  modelName,
  points,
  probability,
  signed,
} from "./words.ts";

/** Headlines beyond this many are folded away. */
export const openHeadlines = 8;

/** The level of a test. */
const level = 0.05;

/** The comparisons named beforehand, in the order in which they were named. */
export function primaryOf({ comparisons, family }: ReportData): Comparison[] {
  const place = ({ a, b, over }: Comparison) =>
    family.findIndex((named) => named.a === a && named.b === b && named.over === over);
  return comparisons.filter((c) => c.primary).toSorted((x, y) => place(x) - place(y));
}

/** Sentences on the comparisons named beforehand. */
export function primaryLines(data: ReportData): string[] {
  return groupsOf(primaryOf(data)).flatMap(primarySentences);
}

/** Sentences on every prompt against both baselines. */
export function claimLines(data: ReportData): string[] {
  return claimGroups(data.comparisons).flatMap((group) => claimSentences(data, group));
}

/** A prompt's comparisons with the shrunk and with the full image, side by side. */
export function claimGroups(comparisons: readonly Comparison[]): Comparison[][] {
  const claims = comparisons.filter((c) => c.b === "shrunk" || c.b === "none")
    .toSorted((a, b) => Number(b.b === "shrunk") - Number(a.b === "shrunk"));
  return groupsOf(claims, ({ b: _, ...c }) => c);
}

/** Comparisons of one kind, over all settings. */
function groupsOf(
  comparisons: readonly Comparison[],
  key: (c: Pick<Comparison, "task" | "source" | "a" | "b" | "over">) => unknown = (c) => c,
): Comparison[][] {
  const groups = new Map<string, Comparison[]>();
  for (const c of comparisons) {
    const { task, source, a, b, over } = c;
    const name = JSON.stringify(key({ task, source, a, b, over }));
    groups.set(name, [...groups.get(name) ?? [], c]);
  }
  return [...groups.values()];
}

/** `mini-blip2, on which it was trained`; `2 models that it has not seen (mean)`. */
export function whom({ over, models }: Comparison): string {
  const names = models.map(modelName).join(" and ");
  if (over === "source") return `${names}, on which it was trained`;
  const kind = over === "unseen" ? "" : " with another vision encoder";
  return models.length === 1
    ? `${names}, a model${kind} that it has not seen`
    : `${models.length} models${kind} that it has not seen (mean)`;
}

/** Where a comparison was made: `the source mini-blip2`, `2 unseen models (mean)`. */
export function overName({ over, source, models }: Comparison): string {
  if (over === "source") return `the source ${modelName(source)}`;
  const kind = over === "unseen" ? "unseen" : "other encoder";
  if (models.length === 1) return `${modelName(models[0]!)} (${kind})`;
  return over === "unseen"
    ? `${models.length} unseen models (mean)`
    : `${models.length} models with other encoders (mean)`;
}

/** `+4.3 points [+2.0, +6.6]` */
const figures = (c: Comparison) =>
  `${signed(c.difference)} points, 95 % interval ${interval(c.ci95)}`;

function primarySentences(group: readonly Comparison[]): string[] {
  return group.length > 3 ? [manySentence(group)] : group.map((c) => {
    const p = c.pHolm ?? c.p;
    const verdict = p >= level
      ? "shows no clear difference from"
      : c.difference > 0
      ? "does better than"
      : "does worse than";
    return `Named beforehand: ${c.task}${inSetting(c)}: ${methodName(c.a)} from ${
      modelName(c.source)
    } ${verdict} ${methodName(c.b)} on ${overName(c)}: ${figures(c)}, p ${p < 0.001 ? "" : "= "}${
      probability(p)
    }${c.pHolm === undefined ? "" : " (Holm)"}`;
  });
}

/** What a prompt does. */
type Verdict = "helps" | "harms" | "open";

const sideOf = ({ ci95: [low, high] }: Comparison): Verdict =>
  low > 0 ? "helps" : high < 0 ? "harms" : "open";

/** The comparison that decides: with the state before a prompt is trained, where it was measured. */
const decisive = (claims: readonly Comparison[]): Comparison =>
  claims.find(({ b }) => b === "shrunk") ?? claims[0]!;

/** What a prompt does, by its interval against the shrunk image. */
export const verdictOf = (claims: readonly Comparison[]): Verdict => sideOf(decisive(claims));

/** `against none`; `better only against none` where the verdict is another. */
export function againstWords(c: Comparison, claims: readonly Comparison[]): string {
  const [side, verdict] = [sideOf(c), verdictOf(claims)];
  if (side === verdict) return `against ${c.b}`;
  const words = { helps: "better", harms: "worse", open: "not clear" }[side];
  return `${words}${verdict === "open" ? " only" : ""} against ${c.b}`;
}

/** Verb of a claim: `helps`, `is not clearly different from … and better than the full image on`. */
function verdictWords(claims: readonly Comparison[]): string {
  const verdict = verdictOf(claims);
  if (claims.every((c) => sideOf(c) === verdict)) {
    return verdict === "open" ? "makes no clear difference to" : verdict;
  }
  const sides = { helps: "better than", harms: "worse than", open: "not clearly different from" };
  return `is ${claims.map((c) => `${sides[sideOf(c)]} ${baselineWords[c.b]}`).join(" and ")} on`;
}

/** One prompt on one kind of model against both baselines; a sentence a setting, or one for many. */
function claimSentences(data: ReportData, group: readonly Comparison[]): string[] {
  const settings = new Map<string, Comparison[]>();
  for (const c of group) {
    const name = JSON.stringify(c.setting ?? null);
    settings.set(name, [...settings.get(name) ?? [], c]);
  }
  if (settings.size > 1) {
    return [...new Set(group.map((c) => c.b))].map((b) =>
      manySentence(group.filter((c) => c.b === b))
    );
  }
  return [claimSentence(data, group)];
}

/** What the sentences call the images of a baseline. */
const baselineWords: Readonly<Record<string, string>> = {
  shrunk: "the shrunk image without a prompt",
  none: "the full image",
};

function claimSentence(data: ReportData, claims: readonly Comparison[]): string {
  const [first] = claims as [Comparison];
  const percent = (method: string) => {
    const mean = accuracyOf(data, first, method);
    return mean === undefined ? "" : ` ${points(mean)} %`;
  };
  const against = claims.map((c) =>
    `against${percent(c.b)} with ${baselineWords[c.b]} (${figures(c)})`
  );
  return `${first.task}${inSetting(first)}: ${methodName(first.a)} from ${
    modelName(first.source)
  } ${verdictWords(claims)} ${whom(first)}:${percent(first.a)} right ${against.join(" and ")}`;
}

/** The mean accuracy of a method on the models of a comparison. */
export function accuracyOf(data: ReportData, c: Comparison, method: string): number | undefined {
  const found = c.models.map((model) =>
    data.scores.find((s: ScoreSummary) =>
      s.task === c.task && s.model === model && s.method === method &&
      JSON.stringify(s.setting ?? null) === JSON.stringify(c.setting ?? null) &&
      (s.source === null || s.source === c.source)
    )
  );
  if (found.some((score) => score === undefined)) return undefined;
  return found.reduce((sum, score) => sum + score!.mean / found.length, 0);
}

/** One sentence on the same comparison in several settings. */
function manySentence(all: readonly Comparison[]): string {
  const [first] = all as [Comparison];
  const differences = all.map((c) => c.difference).toSorted((a, b) => a - b);
  const mean = differences.reduce((sum, x) => sum + x, 0) / all.length;
  const clear = all.filter((c) => isClear(c.ci95)).length;
  return `${first.primary ? "Named beforehand: " : ""}${first.task}: ${methodName(first.a)} from ${
    modelName(first.source)
  } against ${methodName(first.b)} on ${overName(first)}: ${
    signed(mean)
  } points over ${all.length} settings (from ${signed(differences[0]!)} to ${
    signed(differences.at(-1)!)
  }); the 95 % interval excludes zero in ${clear} of them`;
}
