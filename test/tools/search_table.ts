/**
 * `deno run -A test/tools/search_table.ts [--by-source] [REPORT]`: the table by which methods, rates and
 * weights were chosen, from the report of `pipelines/paper/search.yaml` (default: of its last run) or
 * `methods.yaml`. Gains over `shrunk` in points on validation images, for each task or source and as
 * means over tasks and sources; the last column decides.
 *
 * @module
 */

interface Score {
  readonly task: string;
  readonly model: string;
  readonly source: string | null;
  readonly method: string;
  readonly mean: number;
  readonly setting?: { readonly lr?: number };
}

const bySource = Deno.args.includes("--by-source");
const [path = ".tvp/runs/paper-search/latest/report/report.json"] = Deno.args
  .filter((word) => word !== "--by-source");
const { scores } = JSON.parse(await Deno.readTextFile(path)) as { scores: readonly Score[] };

const placeOf = ({ task, model }: Score) => `${task} ${model}`;
const shrunk = new Map(
  scores.filter(({ method }) => method === "shrunk").map((score) => [placeOf(score), score.mean]),
);
const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

interface Gain {
  /** Task or source. */
  readonly column: string;
  readonly onSource: boolean;
  readonly points: number;
}

const gains = new Map<string, Gain[]>();
for (const score of scores) {
  if (score.source === null) continue;
  const choice = `| ${score.method} | ${score.setting?.lr} |`;
  gains.set(choice, [...gains.get(choice) ?? [], {
    column: bySource ? score.source : score.task,
    // Its role is that beside all sources of the report.
    onSource: score.source.split(" + ").includes(score.model),
    points: 100 * (score.mean - shrunk.get(placeOf(score))!),
  }]);
}

const columns = [...new Set([...gains.values()].flat().map(({ column }) => column))];
const points = (own: readonly Gain[], onSource: boolean) =>
  mean(own.filter((gain) => gain.onSource === onSource).map((gain) => gain.points));
const cell = (value: number) =>
  Number.isNaN(value) ? "–" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;

const heads = columns.map((column) => `${bySource ? "from " : ""}${column}: source, targets`);
console.log(`| loss | lr | ${heads.join(" | ")} | source | targets | mean of both |`);
console.log(`| --- | ---: |${" ---: |".repeat(columns.length + 3)}`);
for (const [choice, own] of gains) {
  const byColumn = columns.map((column) => own.filter((gain) => gain.column === column))
    .map((some) => `${cell(points(some, true))}, ${cell(points(some, false))}`);
  const [source, targets] = [points(own, true), points(own, false)];
  const both = (source + targets) / 2;
  console.log(`${choice} ${[...byColumn, cell(source), cell(targets), cell(both)].join(" | ")} |`);
}
