/** The report as one self-contained HTML page. @module */
import { lineChart, type Series, smooth } from "./chart.ts";
import { type Html, markup, raw } from "./html.ts";
import type {
  Condition,
  Curve,
  Difference,
  Example,
  PromptPicture,
  ReportData,
  Score,
} from "./report_data.ts";
import { STYLE } from "./style.ts";
import { costTable, matrixTable, metricTable, predictorTable, sweepFigure } from "./tables.ts";
import {
  type Block,
  blocksOf,
  headlines,
  interval,
  isClear,
  methodName,
  modelName,
  openHeadlines,
  overName,
  points,
  probability,
  signed,
  standingName,
  unfairTest,
  whereOf,
} from "./words.ts";

/** Bar of an accuracy with its interval as a whisker, on a scale of 0 to 100 %. */
function bar({ mean, ci95: [lo, hi] }: Score): Html {
  const percent = (x: number) => (100 * x).toFixed(1);
  return markup`<span class="bar" aria-hidden="true"><i style="width:${percent(mean)}%"></i><b
 style="left:${percent(lo)}%;width:${percent(hi - lo)}%"></b></span>`;
}

function gain(score: Score, base: Score | undefined): Html | false {
  if (!base || base.method === score.method) return false;
  const difference = score.mean - base.mean;
  const direction = difference > 0 ? "up" : "down";
  return markup`<small class="${direction}" title="against none">${signed(difference)}</small>`;
}

function seedsOf({ seeds }: Score): Html | false {
  if (seeds.length < 2) return false;
  const values = seeds.map((s) => points(s.mean)).join(" · ");
  return markup`<small class="seeds" title="every seed">${values}</small>`;
}

function scoreCell(block: Block, method: string, model: string): Html {
  const score = block.score(method, model);
  if (!score) return markup`<td></td>`;
  const [lo, hi] = score.ci95;
  return markup`<td title="n = ${score.n}"><strong>${points(score.mean)}</strong> ${
    gain(score, block.score("none", model))
  }<br><small>[${points(lo)}, ${points(hi)}]</small>${bar(score)}${seedsOf(score)}</td>`;
}

function scoreTable(block: Block): Html {
  const heads = block.models.map(({ name, role }) =>
    markup`<th>${modelName(name)}<br><span class="role ${role}">${standingName(role)}</span></th>`
  );
  const rows = block.methods.map((method) => {
    const cells = block.models.map((m) => scoreCell(block, method, m.name));
    return markup`<tr><th>${methodName(method)}</th>${cells}</tr>`;
  });
  return markup`<h3>${block.title}</h3>
<div class="scroll"><table class="scores"><thead><tr><th>prompt</th>${heads}</tr></thead>
<tbody>${rows}</tbody></table></div>${metricTable(block)}`;
}

/** Blocks beyond this many are folded away: sweeps show them at a glance. */
const openBlocks = 6;

function scoreTables(blocks: readonly Block[]): Html {
  const tables = blocks.map(scoreTable);
  if (tables.length <= openBlocks) return markup`${tables}`;
  return markup`<details><summary>All ${tables.length} tables</summary>${tables}</details>`;
}

function comparisonRow(c: Difference): Html {
  const tag = c.primary && markup` <span class="tag">primary</span>`;
  const crossed = c.crossed95 &&
    markup`<br><small>with seeds ${interval(c.crossed95)}</small>`;
  return markup`<tr class="${isClear(c.ci95) ? "clear" : "open"}">
<th>${methodName(c.a)} − ${methodName(c.b)}${tag}</th><td>${whereOf(c)}</td><td>${overName(c)}</td>
<td>${signed(c.difference)}</td><td>${interval(c.ci95)}${crossed}</td>
<td>${probability(c.p)}</td><td>${c.pHolm === undefined ? "" : probability(c.pHolm)}</td></tr>`;
}

function comparisonRows(comparisons: readonly Difference[]): Html {
  const heads = ["difference", "task, source", "over", "points", "95 % interval", "p", "p (Holm)"];
  return markup`<div class="scroll"><table class="differences">
<thead><tr>${heads.map((head) => markup`<th>${head}</th>`)}</tr></thead>
<tbody>${comparisons.map(comparisonRow)}</tbody></table></div>`;
}

/** Comparisons in a setting are folded away where there are many. */
const openComparisons = 40;

function comparisonTable(comparisons: readonly Difference[]): Html {
  const folded = comparisons.length > openComparisons
    ? comparisons.filter((c) => c.setting !== undefined)
    : [];
  const open = folded.length > 0 ? comparisons.filter((c) => c.setting === undefined) : comparisons;
  return markup`<p>In points. Intervals: bootstrap over drawings class by class, paired, conditional on the trained
prompts; bold where the interval excludes zero. p: paired sign-flip test over drawings, which does not know the
classes and is the more cautious of the two; Holm-corrected for all but the primary comparison.</p>
${open.length > 0 && comparisonRows(open)}${
    folded.length > 0 &&
    markup`<details><summary>${folded.length} differences in a setting</summary>${
      comparisonRows(folded)
    }</details>`
  }`;
}

const COLOURS = ["c0", "c1", "c2", "c3", "c4", "c5"];

const colourOf = (index: number) => COLOURS[index % COLOURS.length]!;

/** One chart for the loss and one per term that any training has. */
function charts(curves: readonly Curve[]): Html {
  const methods = [...new Set(curves.map((c) => c.method))];
  const terms = [...new Set(curves.flatMap((c) => Object.keys(c.points[0]?.terms ?? {})))];
  const series = (value: (p: Curve["points"][number]) => number | undefined): Series[] =>
    curves.flatMap((curve) => {
      const all = curve.points.map((p) => [p.step, value(p)] as const);
      const known = all.filter((p): p is [number, number] => p[1] !== undefined);
      const name = `${methodName(curve.method)}, ${modelName(curve.source)}, seed ${curve.seed}`;
      const colour = colourOf(methods.indexOf(curve.method));
      return known.length ? [{ name, colour, points: smooth(known) }] : [];
    });
  const legend = methods.map((m, i) =>
    markup`<span class="${colourOf(i)}">${methodName(m)}</span>`
  );
  return markup`<p class="legend">${legend} one line a seed, means of neighbouring steps</p>
<div class="row">${lineChart("loss (all terms)", series((p) => p.loss))}${
    terms.map((term) => lineChart(term, series((p) => p.terms[term])))
  }</div>`;
}

function picture(source: string, alt: string, caption: string): Html {
  return markup`<figure><img src="${source}" alt="${alt}"><figcaption>${caption}</figcaption></figure>`;
}

function example(e: Example): Html {
  const verdict = (answer: string) =>
    markup`<td class="${answer === e.answer ? "hit" : "miss"}">${answer}</td>`;
  const rows = e.models.map((m) =>
    markup`<tr><th>${modelName(m.model)}</th>${verdict(m.before)}<td>→</td>${verdict(m.after)}</tr>`
  );
  return markup`<div class="example"><div class="pair">
${picture(e.before, `${e.answer}, shrunk`, "shrunk")}
${picture(e.after, `${e.answer}, with the prompt`, methodName(e.method))}</div>
<p>truth: <strong>${e.answer}</strong></p><table>${rows}</table></div>`;
}

function promptFigure(p: PromptPicture): Html {
  const facts = Object.entries(p.facts).map(([k, v]) => `${k} ${v}`).join(" · ");
  return markup`<figure class="prompt"><img src="${p.picture}" alt="the prompt ${p.method}">
<figcaption><strong>${methodName(p.method)}</strong> from ${modelName(p.source)}, ${
    p.seed === null ? "seed unknown" : `seed ${p.seed}`
  }
<br><small>${facts}</small></figcaption></figure>`;
}

function condition(c: Condition): Html {
  const holds = c.holds ? "yes" : "no";
  return markup`<li class="${holds}">${c.task}: ${c.name}: <strong>${c.found}</strong></li>`;
}

function section(title: string, body: Html | false): Html | false {
  return body && markup`<section><h2>${title}</h2>${body}</section>\n`;
}

function headlineList(lines: readonly string[]): Html {
  const list = (some: readonly string[]) =>
    markup`<ul class="headlines">${some.map((line) => markup`<li>${line}</li>`)}</ul>`;
  const rest = lines.slice(openHeadlines);
  return markup`${list(lines.slice(0, openHeadlines))}${
    rest.length > 0 &&
    markup`<details><summary>${rest.length} more</summary>${list(rest)}</details>`
  }`;
}

function header(data: ReportData): Html {
  const unfair = unfairTest(data);
  return markup`<header><h1>${data.title}</h1>
${headlineList(headlines(data))}
${unfair !== undefined && markup`<p class="unfair">${unfair}</p>`}</header>`;
}

const accuracy = (data: ReportData): Html =>
  markup`<p>In %, with 95 % intervals; small coloured figures are gains over <em>none</em>, the
unshrunk picture without a prompt. Bars run from 0 to 100 %.</p>${scoreTables(blocksOf(data))}`;

const sweeps = (all: ReportData["sweeps"]): Html =>
  markup`<p>Accuracy in % along one entry of the setting, averaged over the others.</p>
<div class="row">${all.map((sweep) => sweepFigure(sweep, colourOf))}</div>`;

const matrices = (all: ReportData["matrices"]): Html =>
  markup`<p>Gains over <em>shrunk</em> in points, prompts of each source on each target; the source
itself in bold.</p>${all.map(matrixTable)}`;

function examples(all: readonly Example[]): Html {
  return markup`<p>The first test pictures on which a model changed its answer, in the order of the
test split.</p><div class="row examples">${all.map(example)}</div>`;
}

const figures = (all: ReportData["figures"]): Html =>
  markup`${
    all.map((f) =>
      markup`<figure class="wide">${markup`<img src="${f.picture}" alt="${f.caption}">`}
<figcaption>${f.caption}</figcaption></figure>`
    )
  }`;

function provenance(facts: ReportData["provenance"]): Html {
  const rows = Object.entries(facts).map(([k, v]) =>
    markup`<tr><th>${k}</th><td><code>${v}</code></td></tr>`
  );
  return markup`<table class="provenance">${rows}</table>`;
}

/** The page: headline, accuracy, differences, preconditions, prompts, curves, examples, provenance. */
export function renderPage(data: ReportData): string {
  const { comparisons, preconditions, prompts, curves } = data;
  const some = (list: readonly unknown[], body: () => Html) => list.length > 0 && body();
  const sections = [
    section("Accuracy", accuracy(data)),
    section("Sweeps", some(data.sweeps, () => sweeps(data.sweeps))),
    section("Transfer matrix", some(data.matrices, () => matrices(data.matrices))),
    section(
      "Estimates of transfer",
      some(data.predictors, () => predictorTable(data.predictors)),
    ),
    section("Cost", some(data.costs, () => costTable(data.costs))),
    section("Differences", some(comparisons, () => comparisonTable(comparisons))),
    section(
      "Is it a fair test?",
      some(preconditions, () => markup`<ul class="checks">${preconditions.map(condition)}</ul>`),
    ),
    section(
      "Prompts",
      some(prompts, () => markup`<div class="row">${prompts.map(promptFigure)}</div>`),
    ),
    section("Training", some(curves, () => charts(curves))),
    section("Examples", some(data.examples, () => examples(data.examples))),
    section("Figures", some(data.figures, () => figures(data.figures))),
    section("Made from", provenance(data.provenance)),
  ];
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${data.title}</title><style>${raw(STYLE)}</style></head>
<body><main>${header(data)}
${sections}</main></body></html>
`.text;
}
