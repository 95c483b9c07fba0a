/** Writes the report as one HTML page that needs no other file. @module */
import { scoreTables } from "./accuracy.ts";
import { blocksOf } from "./blocks.ts";
import type { Curve } from "../artifacts/curve.ts";
import { lineChart, type Series, smooth } from "./chart.ts";
import { comparisonTables, differenceChart } from "./differences.ts";
import { glossary } from "./glossary.ts";
import { claimLines, openHeadlines, primaryLines } from "./headlines.ts";
import { type Html, markup, raw } from "./html.ts";
import type { Example, Precondition, PromptImage, ReportData } from "../artifacts/report.ts";
import { STYLE } from "./style.ts";
import { verdictCards } from "./verdicts.ts";
import { costTable, matrixTable, predictorTable, sweepFigure } from "./tables.ts";
import { agreementName, methodName, modelName, unfairTest } from "./words.ts";

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

function image(source: string, alt: string, caption: string): Html {
  return markup`<figure><img src="${source}" alt="${alt}"><figcaption>${caption}</figcaption></figure>`;
}

function example(e: Example): Html {
  const verdict = (answer: string) =>
    markup`<td class="${answer === e.answer ? "hit" : "miss"}">${answer}</td>`;
  const rows = e.models.map((m) =>
    markup`<tr><th>${modelName(m.model)}</th>${verdict(m.before)}<td>→</td>${verdict(m.after)}</tr>`
  );
  return markup`<div class="example"><div class="pair">
${image(e.before, `${e.answer}, shrunk`, "shrunk")}
${image(e.after, `${e.answer}, with the prompt`, methodName(e.method))}</div>
<p>truth: <strong>${e.answer}</strong></p><table>${rows}</table></div>`;
}

function promptFigure(p: PromptImage): Html {
  const facts = Object.entries(p.facts).map(([k, v]) => `${k} ${v}`).join(" · ");
  return markup`<figure class="prompt"><img src="${p.image}" alt="the prompt ${p.method}">
<figcaption><strong>${methodName(p.method)}</strong> from ${modelName(p.source)}, ${
    p.seed === null ? "seed unknown" : `seed ${p.seed}`
  }
<br><small>${facts}</small></figcaption></figure>`;
}

function condition(c: Precondition): Html {
  const holds = c.holds ? "yes" : "no";
  return markup`<li class="${holds}">${c.task}: ${c.name}<br><small>${c.found} (${c.on} images)</small></li>`;
}

/** Conditions, and how many independent models the unseen ones count as. */
function fairness({ preconditions, agreements }: ReportData): Html {
  return markup`<p>A comparison says something only if these hold before any prompt is tried.</p>
<ul class="checks">${preconditions.map(condition)}</ul>
${agreements.map((a) => markup`<p class="sample">${agreementName(a)}.</p>`)}`;
}

/** The same image under every treatment. */
function specimens(all: ReportData["specimens"]): Html {
  return markup`<div class="row specimens">${
    all.map(({ method, image: source }) =>
      image(source, `the image, ${method}`, methodName(method))
    )
  }</div>`;
}

function words(data: ReportData): Html {
  const entries = glossary(data).map(({ word, meaning }) =>
    markup`<div><dt>${word}</dt><dd>${meaning}</dd></div>`
  );
  return markup`${
    data.specimens.length > 0 && specimens(data.specimens)
  }<dl class="words">${entries}</dl>`;
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
  const [primary, claims] = [primaryLines(data), claimLines(data)];
  const cards = verdictCards(data);
  const words = cards
    ? markup`${primary.length > 0 && headlineList(primary)}${cards}
<details><summary>The same in words</summary>${headlineList(claims)}</details>`
    : headlineList([...primary, ...claims]);
  return markup`<header><h1>${data.title}</h1>
<p class="lead">A visual prompt is a frame of pixels around an image. It is trained on one model, the
source, to make it answer right more often. Does it help, there and on models that it has not seen?</p>
${unfair !== undefined && markup`<p class="unfair">${unfair}</p>`}
${words}
${differenceChart(data)}</header>`;
}

const accuracy = (data: ReportData): Html =>
  markup`<p>In %, with 95 % intervals; small coloured figures are gains over the baseline that the
head of a table names. Bars run from 0 to 100 %.</p>${scoreTables(blocksOf(data))}`;

const sweeps = (all: ReportData["sweeps"]): Html =>
  markup`<p>Accuracy in % along one entry of the setting, averaged over the others.</p>
<div class="row">${all.map((sweep) => sweepFigure(sweep, colourOf))}</div>`;

const matrices = (all: ReportData["matrices"]): Html =>
  markup`<p>Gains over <em>shrunk</em> in points, prompts of each source on each target; the source
itself in bold.</p>${all.map(matrixTable)}`;

function examples(all: readonly Example[]): Html {
  return markup`<p>The first test images on which a model changed its answer, in the order of the
test split.</p><div class="row examples">${all.map(example)}</div>`;
}

const figures = (all: ReportData["figures"]): Html =>
  markup`${
    all.map((f) =>
      markup`<figure class="wide">${markup`<img src="${f.image}" alt="${f.caption}">`}
<figcaption>${f.caption}</figcaption></figure>`
    )
  }`;

function provenance(facts: ReportData["provenance"]): Html {
  const rows = Object.entries(facts).map(([k, v]) =>
    markup`<tr><th>${k}</th><td><code>${v}</code></td></tr>`
  );
  return markup`<table class="provenance">${rows}</table>`;
}

/** The page: headline, words, accuracy, differences, preconditions, prompts, curves, examples, provenance. */
export function renderPage(data: ReportData): string {
  const { comparisons, preconditions, prompts, curves } = data;
  const some = (list: readonly unknown[], body: () => Html) => list.length > 0 && body();
  const sections = [
    section("What was compared", words(data)),
    section("Accuracy", accuracy(data)),
    section("Sweeps", some(data.sweeps, () => sweeps(data.sweeps))),
    section("Transfer matrix", some(data.matrices, () => matrices(data.matrices))),
    section(
      "Estimates of transfer",
      some(data.predictors, () => predictorTable(data.predictors)),
    ),
    section("Cost", some(data.costs, () => costTable(data.costs))),
    section("Differences", some(comparisons, () => comparisonTables(data))),
    section(
      "Is it a fair test?",
      some(preconditions, () => fairness(data)),
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
