/**
 * `deno run -A test/tools/results_table.ts [REPORT]`: the tables of docs/results.md from a
 * `report.json` (default: of the last run of pipelines/paper/main.yaml): what was named beforehand,
 * the other differences, and the accuracy of every model with every prompt.
 *
 * @module
 */
import type { Comparison, Over, ScoreSummary } from "../../lib/artifacts/report.ts";
import {
  inSetting,
  interval,
  methodName,
  modelName,
  points,
  probability,
  signed,
} from "../../lib/report/words.ts";

const places: Readonly<Record<Over, string>> = {
  source: "source",
  // Of the source's encoder where other unseen models have encoders of their own.
  unseen: "unseen",
  "own-encoder": "unseen, other encoders",
};

/** `+1.6 [+0.6, +2.5]` in points; bold where p is below 0.05, corrected if it was named beforehand. */
export function differenceCell({ difference, ci95, p, pHolm }: Comparison): string {
  const text = `${signed(difference)} ${interval(ci95)}`;
  return (pHolm ?? p) < 0.05 ? `**${text}**` : text;
}

/** The task, with the setting if there are several. */
const placeName = (one: Comparison | ScoreSummary) => one.task + inSetting(one);

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [row(heads), row(heads.map(() => "---")), ...rows.map(row)];
}

/** Rows of the comparisons named beforehand, with Holm's p. */
export function namedTable(comparisons: readonly Comparison[]): readonly string[] {
  const named = comparisons.filter(({ primary }) => primary);
  return table(
    ["task", "prompts from", "on", "difference", "points", "p (Holm)"],
    named.map((one) => [
      placeName(one),
      modelName(one.source),
      `${places[one.over]} (${one.models.length})`,
      `${methodName(one.a)} − ${methodName(one.b)}`,
      differenceCell(one),
      probability(one.pHolm ?? one.p),
    ]),
  );
}

/** A row for each task, source and place, a column for each pair of methods. */
export function differenceTable(comparisons: readonly Comparison[]): readonly string[] {
  const pairOf = ({ a, b }: Comparison) => `${methodName(a)} − ${methodName(b)}`;
  const rowOf = (one: Comparison) => [
    placeName(one),
    modelName(one.source),
    places[one.over],
  ];
  const pairs = [...new Set(comparisons.map(pairOf))];
  const rows = Map.groupBy(comparisons, (one) => rowOf(one).join());
  return table(
    ["task", "prompts from", "on", ...pairs],
    [...rows.values()].map((own) => [
      ...rowOf(own[0]!),
      ...pairs.map((pair) => {
        const found = own.find((one) => pairOf(one) === pair);
        return found === undefined ? "–" : differenceCell(found);
      }),
    ]),
  );
}

/** A row for each task and model, a column for each method and source; % right. */
export function accuracyTable(scores: readonly ScoreSummary[]): readonly string[] {
  const columnOf = ({ method, source }: ScoreSummary) =>
    source === null ? method : `${methodName(method)} from ${modelName(source)}`;
  const isFrame = ({ method }: ScoreSummary) => method === "plain" || method === "noise";
  const shown = scores.filter((score) => !isFrame(score));
  const columns = [...new Set(shown.map(columnOf))];
  const rows = Map.groupBy(shown, (one) => `${placeName(one)} ${one.model}`);
  return table(
    ["task", "model", ...columns],
    [...rows.values()].map((own) => [
      placeName(own[0]!),
      modelName(own[0]!.model),
      ...columns.map((column) => {
        const found = own.find((score) => columnOf(score) === column);
        return found === undefined ? "–" : points(found.mean);
      }),
    ]),
  );
}

if (import.meta.main) {
  const [path = ".tvp/runs/paper-main/latest/report/report.json"] = Deno.args;
  const { scores, comparisons } = JSON.parse(await Deno.readTextFile(path)) as {
    scores: readonly ScoreSummary[];
    comparisons: readonly Comparison[];
  };
  for (
    const lines of [namedTable(comparisons), differenceTable(comparisons), accuracyTable(scores)]
  ) {
    console.log(lines.join("\n") + "\n");
  }
}
