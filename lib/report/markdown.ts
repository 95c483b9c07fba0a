/** Writes the report as Markdown, which GitHub shows as a job summary. @module */
import { markdownText } from "../trust/visible_text.ts";
import { type Block, blocksOf, furtherMetrics, standingName } from "./blocks.ts";
import { classifiedIn, classRows } from "./classes.ts";
import { glossary } from "./glossary.ts";
import { claimLines, openHeadlines, overName, primaryLines, primaryOf } from "./headlines.ts";
import type {
  Comparison,
  Predictor,
  ReportData,
  Sweep,
  TransferMatrix,
} from "../artifacts/report.ts";
import {
  agreementName,
  cautionMark,
  costCells,
  costHeads,
  deltaName,
  interval,
  methodName,
  methodNote,
  metricNames,
  missingName,
  modelName,
  points,
  probability,
  sampleSizes,
  signed,
  sweepName,
  unfairTest,
  whereOf,
} from "./words.ts";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, i) => i === 0 ? "---" : "---:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function scoreTable(block: Block): string {
  const head = [
    "method",
    "RMS of δ",
    ...block.models.map((m) => `${modelName(m.name)} (${standingName(m.role)})`),
  ];
  const rows = block.methods.map((method) => [
    methodName(method),
    deltaName(block.delta(method)),
    ...block.models.map(({ name }) => {
      const score = block.score(method, name);
      if (!score) return "";
      const [lo, hi] = score.ci95;
      return `${points(score.mean)} [${points(lo)}, ${points(hi)}]${cautionMark(score)}`;
    }),
  ]);
  return `### ${block.title}\n\n${table(head, rows)}\n\n${block.sample}`;
}

function comparisonRow(c: Comparison): string[] {
  return [
    `${methodName(c.a)} − ${methodName(c.b)}${c.primary ? " (primary)" : ""}`,
    whereOf(c),
    overName(c),
    `${signed(c.difference)} ${interval(c.ci95)}${cautionMark(c)}`,
    probability(c.p),
    c.pHolm === undefined ? "secondary" : probability(c.pHolm),
    sampleSizes(c),
  ];
}

function metricTable(block: Block): string {
  const { names, scores } = furtherMetrics(block);
  if (scores.length === 0) return "";
  const rows = scores.map((score) => [
    methodName(score.method),
    modelName(score.model),
    ...names.map((name) => points(score.metrics[name] ?? 0)),
  ]);
  return table(["method", "model", ...names.map((name) => metricNames[name])], rows);
}

/** Accuracy of each class, folded away; what was answered in its place is on the page and in JSON. */
function classTables(block: Block): string {
  const tables = classifiedIn(block).filter(([first]) => first!.classes.length <= manyClasses)
    .map((scores) => {
      const head = ["class", "rows", ...scores.map(({ method }) => methodName(method))];
      return `${modelName(scores[0]!.model)}\n\n${table(head, classRows(scores))}`;
    });
  if (tables.length === 0) return "";
  return `<details><summary>Class by class</summary>\n\n${tables.join("\n\n")}\n\n</details>`;
}

/** Classes up to which a job summary has a row for each. */
const manyClasses = 40;

function sweepTable(sweep: Sweep): string {
  const rows = sweep.values.map((value, i) => [
    String(value),
    ...sweep.series.map(({ means }) => means[i] === null ? "" : points(means[i]!)),
  ]);
  const head = [sweep.name, ...sweep.series.map(({ method }) => methodName(method))];
  return `### ${sweepName(sweep)}\n\n${table(head, rows)}`;
}

function matrixTable({ task, method, sources, models, gains }: TransferMatrix): string {
  const rows = sources.map((source, i) => [
    modelName(source),
    ...gains[i]!.map((gain) => gain === null ? "" : signed(gain)),
  ]);
  const title = `### ${task}, ${
    methodName(method)
  }: gains over shrunk, sources down, targets across`;
  return `${title}\n\n${table(["source", ...models.map(modelName)], rows)}`;
}

function predictorTable(predictors: readonly Predictor[]): string {
  if (predictors.length === 0) return "";
  const rows = predictors.map(({ task, name, correlation, ci95: [lo, hi], pairs }) => [
    name,
    task,
    `${correlation.toFixed(2)} [${lo.toFixed(2)}, ${hi.toFixed(2)}]`,
    String(pairs.length),
  ]);
  const head = ["estimate", "task", "rank correlation with the gain", "pairs"];
  return `## Estimates of transfer\n\n${table(head, rows)}`;
}

function headlineList(lines: readonly string[]): string {
  const list = (some: readonly string[]) => some.map((line) => `- ${line}`).join("\n");
  const rest = lines.slice(openHeadlines);
  const folded = `\n\n<details><summary>${rest.length} more</summary>\n\n${
    list(rest)
  }\n\n</details>`;
  return `${list(lines.slice(0, openHeadlines))}${rest.length > 0 ? folded : ""}`;
}

/** Settings beyond this many are shown by sweeps alone: a job summary has a limit of 1 MB. */
const maxBlocks = 12;

/** The whole report as Markdown. */
export function renderMarkdown(given: ReportData): string {
  const data = escapedIn(given);
  const unfair = unfairTest(data);
  const blocks = blocksOf(data);
  const sections = [
    `# ${data.title}`,
    unfair ? `> **${unfair}**` : "",
    headlineList([...primaryLines(data), ...claimLines(data)]),
    glossary(data).map(({ word, meaning }) => `- **${word}**: ${meaning}`).join("\n"),
    "## Accuracy in %, with 95 % intervals",
    ...(blocks.length > maxBlocks ? [] : blocks.flatMap((b) => [
      ...[scoreTable(b), metricTable(b), classTables(b)],
    ])),
    ...data.sweeps.map(sweepTable),
    ...data.matrices.map(matrixTable),
    predictorTable(data.predictors),
    data.costs.length > 0 ? `## Cost\n\n${table(costHeads, data.costs.map(costCells))}` : "",
    "## Differences in points",
    table(
      [
        ...["difference", "task, source", "over", "points", "p", "p (Holm)"],
        "images / drawings / seeds",
      ],
      [...primaryOf(data), ...data.comparisons.filter((c) => !c.primary)]
        .filter((c) => blocks.length <= maxBlocks || c.setting === undefined)
        .map(comparisonRow),
    ),
    methodNote(data),
    data.missing.map(missingName).join("\n\n"),
    "## Preconditions of a fair test",
    data.preconditions.map((c) =>
      `- ${c.holds ? "✓" : "✗"} ${c.task}: ${c.name}: ${c.found} (${c.on} images)`
    ).join("\n"),
    data.agreements.map((a) => `${agreementName(a)}.`).join("\n\n"),
    "## Made from",
    table(["what", "value"], Object.entries(data.provenance)),
  ];
  return sections.filter((section) => section !== "").join("\n\n") + "\n";
}

/** All texts of a report, which others have named, as text of Markdown. */
function escapedIn<T>(value: T): T {
  if (typeof value === "string") return markdownText(value) as T;
  if (Array.isArray(value)) return value.map(escapedIn) as T;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [markdownText(key), escapedIn(item)]);
  return Object.fromEntries(entries) as T;
}
