/** Gains of every target from prompts of every source. @module */
import type { ScoreSummary, TransferMatrix } from "../artifacts/report.ts";

/** One matrix a task and method with at least two sources. Runs in a setting are left out. */
export function transferMatrices(scores: readonly ScoreSummary[]): TransferMatrix[] {
  const plain = scores.filter((s) => s.setting === undefined && s.role !== "clip");
  const prompted = plain.filter((s) => s.source !== null);
  const pairs = new Map(prompted.map((s) => [JSON.stringify([s.task, s.method]), s]));
  return [...pairs.values()].flatMap(({ task, method }) => {
    const mine = prompted.filter((s) => s.task === task && s.method === method);
    const sources = [...new Set(mine.map((s) => s.source!))];
    if (sources.length < 2) return [];
    const shrunk = plain.filter((s) => s.task === task && s.method === "shrunk");
    const models = shrunk.map((s) => s.model);
    const gains = sources.map((source) =>
      shrunk.map((base) => {
        const found = mine.find((s) => s.source === source && s.model === base.model);
        return found === undefined ? null : found.mean - base.mean;
      })
    );
    return [{ task, method, sources, models, gains }];
  });
}
