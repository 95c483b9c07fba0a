/** Means by one entry of the setting; the other entries are averaged over. @module */
import type { ScoreSummary, Sweep } from "../artifacts/report.ts";
import { isBaselineName } from "./baselines.ts";
import { groupBy } from "./cells.ts";

/** All sweeps of entries with at least two values. */
export function sweepsOf(
  scores: readonly ScoreSummary[],
  unseenMeans: readonly ScoreSummary[],
): Sweep[] {
  const sources = new Set(unseenMeans.map((s) => s.source));
  for (const { source } of scores) if (source !== null) sources.add(source);
  return [...sources].flatMap((source) => [
    ...sweepsOver(
      "source",
      source!,
      scores.filter((s) => s.model === source && (s.source === source || s.source === null)),
    ),
    ...sweepsOver("unseen", source!, unseenMeans.filter((s) => s.source === source)),
  ]);
}

function sweepsOver(
  over: Sweep["over"],
  source: string,
  scores: readonly ScoreSummary[],
): Sweep[] {
  return [...groupBy(scores, (s) => s.task).entries()].flatMap(([task, ofTask]) => {
    const names = new Set(ofTask.flatMap((s) => Object.keys(s.setting ?? {})));
    return [...names].flatMap((name) => {
      const set = ofTask.filter((s) => s.setting?.[name] !== undefined);
      const values = inOrder([...new Set(set.map((s) => s.setting![name]!))]);
      if (values.length < 2 || set.every((s) => isBaselineName(s.method))) return [];
      const series = [...groupBy(set, (s) => s.method).entries()].map(([method, mine]) => ({
        method,
        means: values.map((value) => mean(mine.filter((s) => s.setting![name] === value))),
      }));
      return [{ task, source, over, name, values, series }];
    });
  });
}

function inOrder(values: readonly (string | number)[]): readonly (string | number)[] {
  return values.every((value) => typeof value === "number")
    ? values.toSorted((a, b) => Number(a) - Number(b))
    : values;
}

function mean(scores: readonly ScoreSummary[]): number | null {
  if (scores.length === 0) return null;
  return scores.reduce((sum, s) => sum + s.mean, 0) / scores.length;
}
