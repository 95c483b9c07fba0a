/** Shows at a glance what each prompt does to its own model and to others. @module */
import { accuracyOf, againstWords, claimGroups, verdictOf, whom } from "./headlines.ts";
import { type Html, markup } from "./html.ts";
import type { Comparison, ReportData } from "../artifacts/report.ts";
import { cautionMark, interval, methodName, modelName, points, signed } from "./words.ts";

/** More tasks and sources than this are not a picture to take in at a glance. */
const maxCards = 6;

const badges = { helps: "helps", harms: "harms", open: "no clear difference" };

/** One card a task, source and kind of model; none where the report is of settings or of too many. */
export function verdictCards(data: ReportData): Html | false {
  const plain = claimGroups(data.comparisons.filter((c) => c.setting === undefined));
  const cards = new Map<string, Comparison[][]>();
  for (const claims of plain) {
    const { task, source, over } = claims[0]!;
    const key = JSON.stringify([task, source, over]);
    cards.set(key, [...cards.get(key) ?? [], claims]);
  }
  if (cards.size === 0 || cards.size > maxCards) return false;
  return markup`<div class="verdicts">${
    [...cards.values()].map((card) => verdictCard(data, card))
  }</div>`;
}

function verdictCard(data: ReportData, card: readonly (readonly Comparison[])[]): Html {
  const first = card[0]![0]!;
  const without = ["none", "shrunk"].map((method) => {
    const mean = accuracyOf(data, first, method);
    return mean === undefined ? "" : `${points(mean)} % ${method}`;
  }).filter((text) => text !== "");
  return markup`<article><h3>${first.task}: on ${whom(first)}</h3>
<p class="sample">prompts from ${modelName(first.source)}; without a prompt ${
    without.join(", ")
  }</p>
<table>${card.map((claims) => verdictRow(data, claims))}</table></article>`;
}

function verdictRow(data: ReportData, claims: readonly Comparison[]): Html {
  const [first] = claims as [Comparison];
  const verdict = verdictOf(claims);
  const mean = accuracyOf(data, first, first.a);
  const gains = claims.map((c) =>
    markup`<small><b>${signed(c.difference)} ${interval(c.ci95)}${cautionMark(c)}</b> ${
      againstWords(c, claims)
    }</small>`
  );
  return markup`<tr><th>${methodName(first.a)}</th><td class="share">${
    mean === undefined ? "" : `${points(mean)} %`
  }</td><td><span class="badge ${verdict}">${badges[verdict]}</span>${gains}</td></tr>`;
}
