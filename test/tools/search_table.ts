/**
 * `deno run -A test/tools/search_table.ts [--by-target] [REPORT]`: the table by which methods, rates and
 * weights were chosen, from the report of `pipelines/paper/search.yaml` (default: of its last run) or
 * `methods.yaml`. Mean gains over `shrunk` in points on validation images: for each task on the sources
 * and on the targets, or with `--by-target` on each target; the last columns are means over tasks. With
 * `--by-target`, prompts from one source and from several are apart.
 *
 * @module
 */
import { modelName } from "../../lib/report/words.ts";

/** A mean accuracy of a report. */
export interface Score {
  readonly task: string;
  readonly model: string;
  readonly source: string | null;
  readonly method: string;
  readonly mean: number;
  readonly setting?: { readonly lr?: number };
}

/** What a prompt gains on a model, and where in the table that is counted. */
interface Gain {
  readonly choice: string;
  readonly task: string;
  /** `source`, `targets`, or the name of a target. */
  readonly place: string;
  readonly points: number;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function gainsOf(scores: readonly Score[], byTarget: boolean): readonly Gain[] {
  const placeOf = ({ task, model }: Score) => `${task} ${model}`;
  const shrunk = new Map(
    scores.filter(({ method }) => method === "shrunk").map((score) => [placeOf(score), score.mean]),
  );
  return scores.flatMap((score) => {
    if (score.source === null) return [];
    const sources = score.source.split(" + ");
    const target = byTarget ? modelName(score.model) : "targets";
    const from = byTarget ? ` ${sources.length} |` : "";
    return [{
      choice: `| ${score.method} | ${score.setting?.lr} |${from}`,
      task: score.task,
      // Its role in the report is that beside the sources of all prompts.
      place: sources.includes(score.model) ? "source" : target,
      points: 100 * (score.mean - shrunk.get(placeOf(score))!),
    }];
  });
}

/** The lines of the table. */
export function searchTable(scores: readonly Score[], byTarget: boolean): readonly string[] {
  const gains = gainsOf(scores, byTarget);
  const tasks = [...new Set(gains.map(({ task }) => task))];
  const targets = new Set(gains.map(({ place }) => place));
  targets.delete("source");
  const places = ["source", ...[...targets].toSorted()];
  const points = (own: readonly Gain[], place: string) =>
    mean(own.filter((gain) => gain.place === place).map((gain) => gain.points));
  const cell = (value: number) =>
    Number.isNaN(value) ? "–" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
  const row = (own: readonly Gain[]) => {
    const byTask = tasks.map((task) => {
      const some = own.filter((gain) => gain.task === task);
      return places.map((place) => cell(points(some, place))).join(", ");
    });
    const all = places.map((place) => points(own, place));
    return [...byTask, ...[...all, mean(all)].map(cell)].join(" | ");
  };
  const heads = tasks.map((task) => `${task}: ${places.join(", ")}`);
  const lead = byTarget ? "| loss | lr | sources |" : "| loss | lr |";
  const rules = byTarget ? "| --- | ---: | ---: |" : "| --- | ---: |";
  return [
    `${lead} ${[...heads, ...places].join(" | ")} | mean |`,
    `${rules}${" ---: |".repeat(heads.length + places.length + 1)}`,
    ...[...Map.groupBy(gains, ({ choice }) => choice)].map(([choice, own]) =>
      `${choice} ${row(own)} |`
    ),
  ];
}

if (import.meta.main) {
  const flag = "--by-target";
  const [path = ".tvp/runs/paper-search/latest/report/report.json"] = Deno.args
    .filter((word) => word !== flag);
  const { scores } = JSON.parse(await Deno.readTextFile(path)) as { scores: readonly Score[] };
  console.log(searchTable(scores, Deno.args.includes(flag)).join("\n"));
}
