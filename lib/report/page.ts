/** The report as one self-contained HTML page. @module */
import { lineChart, type Series, smooth } from "./chart.ts";
import { type Html, html, raw } from "./html.ts";
import type { Curve, Difference, Example, ReportData, Score } from "./report_data.ts";
import { STYLE } from "./style.ts";
import {
  type Block,
  blocksOf,
  headlines,
  interval,
  isClear,
  methodName,
  modelName,
  overName,
  points,
  probability,
  signed,
  unfairTest,
} from "./words.ts";

/** Bar of an accuracy with its interval as a whisker, on a scale of 0 to 100 %. */
function bar(score: Score): Html {
  const [lo, hi] = score.ci95;
  return html`
    <span class="bar"
      aria-hidden="true"><i style="width:${100 * score.mean}%"></i><b style="left:${100 *
        lo}%;width:${100 * (hi - lo)}%"></b></span>
  `;
}

function gain(score: Score, base: Score | undefined): Html {
  if (!base || base.method === score.method) return html``;
  const difference = score.mean - base.mean;
  const direction = difference > 0 ? "up" : "down";
  return html`<small class="${direction}" title="against none">${signed(difference)}</small>`;
}

function seedsOf(score: Score): Html {
  if (score.seeds.length < 2) return html``;
  return html`<small class="seeds" title="every seed">${
    score.seeds.map((s) => points(s.mean)).join(" · ")
  }</small>`;
}

function scoreCell(block: Block, method: string, model: string): Html {
  const score = block.score(method, model);
  if (!score) return html`<td></td>`;
  const [lo, hi] = score.ci95;
  return html`
    <td
      title="n = ${score.n}"><strong>${points(score.mean)}</strong> ${gain(
        score,
        block.score("none", model),
      )}<br><small>[${points(lo)}, ${points(hi)}]</small>${bar(score)}${seedsOf(score)}</td>
  `;
}

function scoreTable(block: Block): Html {
  return html`
    <h3>${block.task}${block.source &&
      html`: prompts trained on <em>${modelName(block.source)}</em>`}</h3>
    <div class="scroll">
      <table class="scores">
        <thead>
          <tr><th>prompt</th>${block.models.map((m) =>
            html`<th>${modelName(m.name)}<br><span class="role ${m.role}">${m.role}</span></th>`
          )}</tr>
        </thead>
        <tbody>${block.methods.map((method) =>
          html`<tr><th>${methodName(method)}</th>${
            block.models.map((m) => scoreCell(block, method, m.name))
          }</tr>`
        )}</tbody>
      </table>
    </div>
  `;
}

function comparisonRow(c: Difference): Html {
  return html`
    <tr class="${isClear(c.ci95) ? "clear" : "open"}">
      <th>${methodName(c.a)} − ${methodName(c.b)}${c.primary && html`
        <span class="tag">primary</span>
      `}</th>
      <td>${overName(c)}</td>
      <td>${signed(c.difference)}</td>
      <td>${interval(c.ci95)}${c.crossed95 &&
        html`<br><small>with seeds ${interval(c.crossed95)}</small>`}</td>
      <td>${probability(c.p)}</td>
      <td>${c.pHolm === undefined ? "" : probability(c.pHolm)}</td>
    </tr>
  `;
}

const COLOURS = ["c0", "c1", "c2", "c3", "c4", "c5"];

/** One chart for the loss and one per term that any training has. */
function charts(curves: readonly Curve[]): Html {
  const methods = [...new Set(curves.map((c) => c.method))];
  const terms = [...new Set(curves.flatMap((c) => Object.keys(c.points[0]?.terms ?? {})))];
  const series = (value: (p: Curve["points"][number]) => number | undefined): Series[] =>
    curves.flatMap((curve) => {
      const all = curve.points.map((p) => [p.step, value(p)] as const);
      const known = all.filter((p): p is [number, number] => p[1] !== undefined);
      const name = `${methodName(curve.method)}, ${modelName(curve.source)}, seed ${curve.seed}`;
      const colour = COLOURS[methods.indexOf(curve.method) % COLOURS.length]!;
      return known.length ? [{ name, colour, points: smooth(known) }] : [];
    });
  return html`
    <p class="legend">${methods.map((m, i) =>
      html`<span class="${COLOURS[i % COLOURS.length]}">${methodName(m)}</span>`
    )} one line a seed, means of neighbouring steps</p>
    <div class="row">${lineChart("loss (all terms)", series((p) => p.loss))}${terms.map((term) =>
      lineChart(term, series((p) => p.terms[term]))
    )}</div>
  `;
}

function example(e: Example): Html {
  return html`
    <div class="example">
      <div class="pair">
        <figure><img src="${e.before}" alt="${e
          .answer}, shrunk"><figcaption>shrunk</figcaption></figure>
        <figure><img src="${e.after}" alt="${e.answer}, with the prompt"><figcaption>${methodName(
          e.method,
        )}</figcaption></figure>
      </div>
      <p>truth: <strong>${e.answer}</strong></p>
      <table>${e.models.map((m) =>
        html`
          <tr>
            <th>${modelName(m.model)}</th>
            <td class="${m.before === e.answer ? "hit" : "miss"}">${m.before}</td>
            <td>→</td>
            <td class="${m.after === e.answer ? "hit" : "miss"}">${m.after}</td>
          </tr>
        `
      )}</table>
    </div>
  `;
}

function promptPictures(data: ReportData): Html {
  return html`<div class="row">${
    data.prompts.map((p) =>
      html`
        <figure
          class="prompt"><img src="${p.picture}" alt="the prompt ${p
            .method}"><figcaption><strong>${methodName(p.method)}</strong> from ${modelName(
              p.source,
            )}, seed ${p.seed}<br><small>${Object.entries(p.facts).map(([k, v]) => `${k} ${v}`)
            .join(" · ")}</small></figcaption></figure>
      `
    )
  }</div>`;
}

function section(title: string, body: Html | false): Html {
  return body ? html`<section><h2>${title}</h2>${body}</section>` : html``;
}

/** The page: headline, accuracy, differences, preconditions, curves, prompts, examples, provenance. */
export function renderPage(data: ReportData): string {
  const unfair = unfairTest(data);
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${data.title}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
        <main>
    <header><h1>${data.title}</h1><ul class="headlines">${headlines(data).map((line) =>
      html`<li>${line}</li>`
    )}</ul>${unfair && html`<p class="unfair">${unfair}</p>`}</header>
    ${section(
      "Accuracy",
      html`<p>In %, with 95 % intervals; small coloured figures are gains over <em>none</em>, the unshrunk picture without a prompt. Bars run from 0 to 100 %.</p>${
        blocksOf(data).map(scoreTable)
      }`,
    )}
    ${section(
      "Differences",
      data.comparisons.length > 0 &&
        html`
          <p>In points. Intervals: bootstrap over drawings, paired, conditional on the trained prompts; bold where the interval excludes zero. p: paired sign-flip test, Holm-corrected for all but the primary comparison.</p>
          <div class="scroll">
            <table class="differences">
              <thead>
                <tr>
                  <th>difference</th>
                  <th>over</th>
                  <th>points</th>
                  <th>95 % interval</th>
                  <th>p</th>
                  <th>p (Holm)</th>
                </tr>
              </thead>
              <tbody>${data.comparisons.map(comparisonRow)}</tbody>
            </table>
          </div>
        `,
    )}
    ${section(
      "Is it a fair test?",
      data.preconditions.length > 0 &&
        html`<ul class="checks">${
          data.preconditions.map((c) =>
            html`<li class="${
              c.holds ? "yes" : "no"
            }">${c.task}: ${c.name}: <strong>${c.found}</strong></li>`
          )
        }</ul>`,
    )}
    ${section("Prompts", data.prompts.length > 0 && promptPictures(data))}
    ${section("Training", data.curves.length > 0 && charts(data.curves))}
    ${section(
      "Examples",
      data.examples.length > 0 &&
        html`
          <p>The first test pictures on which a model changed its answer, in the order of the test split.</p>
          <div class="row examples">${data.examples.map(example)}</div>
        `,
    )}
    ${section(
      "Made from",
      html`<table class="provenance">${
        Object.entries(data.provenance).map(([k, v]) =>
          html`
            <tr>
              <th>${k}</th>
              <td><code>${v}</code></td>
            </tr>
          `
        )
      }</table>`,
    )}
        </main>
      </body>
    </html>
  `;
  return page.markup;
}
