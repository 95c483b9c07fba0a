/** The tables and the chart of differences. @module */
import { forestPlot } from "./forest.ts";
import { overName, primaryOf } from "./headlines.ts";
import { type Html, markup } from "./html.ts";
import type { Comparison, ReportData } from "../artifacts/report.ts";
import {
  cautionMark,
  cautionOf,
  interval,
  isClear,
  methodName,
  methodNote,
  missingName,
  probability,
  sampleSizes,
  signed,
  whereOf,
} from "./words.ts";

function comparisonRow(c: Comparison): Html {
  const caution = cautionOf(c);
  return markup`<tr class="${isClear(c.ci95) ? "clear" : "open"}">
<th>${methodName(c.a)} − ${methodName(c.b)}</th><td>${whereOf(c)}</td><td>${overName(c)}</td>
<td>${signed(c.difference)}</td><td${caution !== undefined && markup` title="${caution}"`}>${
    interval(c.ci95)
  }${cautionMark(c)}</td>
<td>${probability(c.p)}</td>${c.primary && markup`<td>${probability(c.pHolm ?? c.p)}</td>`}
<td>${sampleSizes(c)}</td></tr>`;
}

function comparisonRows(comparisons: readonly Comparison[]): Html {
  const isPrimary = comparisons.some((c) => c.primary);
  const heads = [
    ...["difference", "task, source", "over", "points", "95 % interval", "p"],
    ...(isPrimary ? ["p (Holm)"] : []),
    "images / drawings / seeds",
  ];
  return markup`<div class="scroll"><table class="differences">
<thead><tr>${heads.map((head) => markup`<th>${head}</th>`)}</tr></thead>
<tbody>${comparisons.map(comparisonRow)}</tbody></table></div>`;
}

/** Comparisons in a setting are folded away where there are many. */
const openComparisons = 40;

/** The family named beforehand, then all others, which are secondary and say so. */
export function comparisonTables(data: ReportData): Html {
  const primary = primaryOf(data);
  const others = data.comparisons.filter((c) => !c.primary);
  const folded = others.length > openComparisons
    ? others.filter((c) => c.setting !== undefined)
    : [];
  const open = folded.length > 0 ? others.filter((c) => c.setting === undefined) : others;
  return markup`<p>In points; bold where the interval excludes zero. ${methodNote(data)}</p>
${
    primary.length > 0 &&
    markup`<h3>Named beforehand (primary), corrected together</h3>${comparisonRows(primary)}`
  }
${data.missing.map((named) => markup`<p class="sample">${missingName(named)}</p>`)}
${
    others.length > 0 &&
    markup`<h3>Secondary: not corrected, so a few of many look clear by chance</h3>`
  }
${open.length > 0 && comparisonRows(open)}${
    folded.length > 0 &&
    markup`<details><summary>${folded.length} differences in a setting</summary>${
      comparisonRows(folded)
    }</details>`
  }`;
}

/** More rows than this are not a picture to take in at a glance. */
const maxRows = 16;

/** Every prompt against the shrunk image, and the primary comparisons, as points with whiskers. */
export function differenceChart(data: ReportData): Html | false {
  const others = data.comparisons.filter((c) => !c.primary && c.b === "shrunk");
  const chosen = [...primaryOf(data), ...others].filter((c) => c.setting === undefined);
  if (chosen.length === 0 || chosen.length > maxRows) return false;
  const tasks = new Set(chosen.map((c) => JSON.stringify([c.task, c.source]))).size;
  return forestPlot(chosen.map((c) => ({
    name: `${methodName(c.a)} − ${methodName(c.b)}${c.primary ? " (primary)" : ""}`,
    detail: tasks > 1 ? `${whereOf(c)}: ${overName(c)}` : overName(c),
    value: 100 * c.difference,
    low: 100 * c.ci95[0],
    high: 100 * c.ci95[1],
    text: `${signed(c.difference)} ${interval(c.ci95)}`,
  })));
}
