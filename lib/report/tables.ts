/** Writes the tables of the HTML report other than the accuracies. @module */
import { type Block, furtherMetrics } from "./blocks.ts";
import { lineChart, type Series } from "./chart.ts";
import { type Html, markup } from "./html.ts";
import type { Cost } from "../artifacts/cost.ts";
import type { Predictor, Sweep, TransferMatrix } from "../artifacts/report.ts";
import {
  costCells,
  costHeads,
  methodName,
  metricNames,
  modelName,
  points,
  signed,
  sweepName,
} from "./words.ts";

/** Precision, recall and the like, where a task has them. */
export function metricTable(block: Block): Html | false {
  const { names, scores } = furtherMetrics(block);
  if (scores.length === 0) return false;
  const heads = names.map((name) => markup`<th>${metricNames[name]}</th>`);
  const rows = scores.map((score) =>
    markup`<tr><th>${methodName(score.method)}</th><td>${modelName(score.model)}</td>${
      names.map((name) => markup`<td>${points(score.metrics[name] ?? 0)}</td>`)
    }</tr>`
  );
  return markup`<details><summary>Further metrics of ${block.title}</summary><div class="scroll">
<table><thead><tr><th>prompt</th><th>model</th>${heads}</tr></thead><tbody>${rows}</tbody></table>
</div></details>`;
}

/** A shade of green for a gain, of red for a loss, full at ten points. */
function shade(gain: number): string {
  const strength = Math.min(1, Math.abs(gain) / 0.1) * 45;
  const colour = gain > 0 ? "var(--up)" : "var(--down)";
  return `background:color-mix(in srgb,${colour} ${strength.toFixed(0)}%,transparent)`;
}

/** Sources down, targets across; a source's own gain is in bold. */
export function matrixTable({ task, method, sources, models, gains }: TransferMatrix): Html {
  const heads = models.map((model) => markup`<th>${modelName(model)}</th>`);
  const cell = (source: string, model: string, gain: number | null) => {
    if (gain === null) return markup`<td></td>`;
    const text = source === model ? markup`<strong>${signed(gain)}</strong>` : signed(gain);
    return markup`<td style="${shade(gain)}">${text}</td>`;
  };
  const rows = sources.map((source, i) =>
    markup`<tr><th>${modelName(source)}</th>${
      models.map((model, k) => cell(source, model, gains[i]![k]!))
    }</tr>`
  );
  return markup`<h3>${task}, ${methodName(method)}</h3><div class="scroll"><table class="matrix">
<thead><tr><th>source ↓ target →</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** A chart where the values are numbers, a table where they are names. */
export function sweepFigure(sweep: Sweep, colourOf: (index: number) => string): Html | false {
  return sweep.values.every((value) => typeof value === "number")
    ? sweepChart(sweep, colourOf)
    : sweepTable(sweep);
}

function sweepChart(sweep: Sweep, colourOf: (index: number) => string): Html | false {
  const series = sweep.series.map(({ method, means }, index): Series => ({
    name: methodName(method),
    colour: colourOf(index),
    points: means.flatMap((mean, i) =>
      mean === null ? [] : [[Number(sweep.values[i]), 100 * mean]]
    ),
  }));
  const legend = sweep.series.map(({ method }, i) =>
    markup`<span class="${colourOf(i)}">${methodName(method)}</span>`
  );
  return markup`<div>${
    lineChart(sweepName(sweep), series, sweep.name)
  }<p class="legend">${legend}</p></div>`;
}

function sweepTable(sweep: Sweep): Html {
  const heads = sweep.series.map(({ method }) => markup`<th>${methodName(method)}</th>`);
  const rows = sweep.values.map((value, i) =>
    markup`<tr><th>${String(value)}</th>${
      sweep.series.map(({ means }) =>
        markup`<td>${means[i] === null ? "" : points(means[i]!)}</td>`
      )
    }</tr>`
  );
  return markup`<div><h3>${
    sweepName(sweep)
  }</h3><table><thead><tr><th>${sweep.name}</th>${heads}</tr>
</thead><tbody>${rows}</tbody></table></div>`;
}

/** Correlations, and the pairs behind them. */
export function predictorTable(predictors: readonly Predictor[]): Html {
  const rows = predictors.map(({ task, name, correlation, ci95: [lo, hi], pairs }) =>
    markup`<tr><th>${name}</th><td>${task}</td><td>${correlation.toFixed(2)}</td>
<td>[${lo.toFixed(2)}, ${hi.toFixed(2)}]</td><td>${pairs.length}</td></tr>`
  );
  const details = predictors.flatMap(({ task, name, pairs }) =>
    pairs.map((p) =>
      markup`<tr><td>${name}</td><td>${task}</td><td>${methodName(p.method)}, ${
        modelName(p.source)
      } → ${modelName(p.target)}</td><td>${p.value.toPrecision(3)}</td><td>${
        signed(p.gain)
      }</td></tr>`
    )
  );
  return markup`<p>Spearman's rank correlation of the estimates, made on training images, with the
gain over <em>shrunk</em> on test images; intervals: bootstrap over pairs of source and target,
which share models, so the intervals are too narrow rather than too wide.</p>
<table><thead><tr><th>estimate</th><th>task</th><th>ρ</th><th>95 % interval</th><th>pairs</th></tr></thead>
<tbody>${rows}</tbody></table><details><summary>All pairs</summary><table>${details}</table></details>`;
}

/** Operations, time and memory of a training step. */
export function costTable(costs: readonly Cost[]): Html {
  const rows = costs.map((cost) =>
    markup`<tr>${costCells(cost).map((cell) => markup`<td>${cell}</td>`)}</tr>`
  );
  return markup`<p>Operations are counted from the graph; time is the median of a step, and memory
the highest resident set above that at the start, both on the machine that measured them.</p>
<table><thead><tr>${costHeads.map((head) => markup`<th>${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table>`;
}
