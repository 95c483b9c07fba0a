/** The report as Markdown: what GitHub shows as a job summary. @module */
import type { Difference, ReportData } from "./report_data.ts";
import {
  type Block,
  blocksOf,
  headlines,
  interval,
  methodName,
  modelName,
  overName,
  points,
  probability,
  signed,
  standingName,
  unfairTest,
} from "./words.ts";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, i) => i === 0 ? "---" : "---:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function scoreTable(block: Block): string {
  const head = [
    "method",
    ...block.models.map((m) => `${modelName(m.name)} (${standingName(m.role)})`),
  ];
  const rows = block.methods.map((method) => [
    methodName(method),
    ...block.models.map(({ name }) => {
      const score = block.score(method, name);
      if (!score) return "";
      const [lo, hi] = score.ci95;
      return `${points(score.mean)} [${points(lo)}, ${points(hi)}]`;
    }),
  ]);
  return `### ${block.title}\n\n${table(head, rows)}`;
}

function comparisonRow(c: Difference): string[] {
  return [
    `${methodName(c.a)} − ${methodName(c.b)}${c.primary ? " (primary)" : ""}`,
    overName(c),
    `${signed(c.difference)} ${interval(c.ci95)}`,
    probability(c.p),
    c.pHolm === undefined ? "" : probability(c.pHolm),
  ];
}

/** The whole report as Markdown. */
export function renderMarkdown(data: ReportData): string {
  const unfair = unfairTest(data);
  const sections = [
    `# ${data.title}`,
    headlines(data).map((line) => `- ${line}`).join("\n"),
    unfair ? `> **${unfair}**` : "",
    "## Accuracy in %, with 95 % intervals",
    ...blocksOf(data).map(scoreTable),
    "## Differences in points",
    table(
      ["difference", "over", "points", "p", "p (Holm)"],
      data.comparisons.map(comparisonRow),
    ),
    "Intervals: bootstrap over drawings class by class, paired, conditional on the trained prompts. p: paired sign-flip test over drawings, which does not know the classes and is the more cautious of the two.",
    "## Preconditions of a fair test",
    data.preconditions.map((c) => `- ${c.holds ? "✓" : "✗"} ${c.task}: ${c.name}: ${c.found}`)
      .join("\n"),
    "## Made from",
    table(["what", "value"], Object.entries(data.provenance)),
  ];
  return sections.filter((section) => section !== "").join("\n\n") + "\n";
}
