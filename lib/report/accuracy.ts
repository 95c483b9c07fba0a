/** The tables of accuracies: a row for each method, a column for each model. @module */
import { type Block, standingName } from "./blocks.ts";
import { type Html, markup } from "./html.ts";
import type { ScoreSummary } from "../artifacts/report.ts";
import { classTables } from "./classes.ts";
import { metricTable } from "./tables.ts";
import { cautionMark, deltaName, methodName, modelName, points, signed } from "./words.ts";

/** Bar of an accuracy with its interval as a whisker, on a scale of 0 to 100 %. */
function bar({ mean, ci95: [lo, hi] }: ScoreSummary): Html {
  const percent = (x: number) => (100 * x).toFixed(1);
  return markup`<span class="bar" aria-hidden="true"><i style="width:${percent(mean)}%"></i><b
 style="left:${percent(lo)}%;width:${percent(hi - lo)}%"></b></span>`;
}

/** What a block's gains are over: the state before a prompt is trained, where it was measured. */
function baseOf({ methods }: Block): "shrunk" | "none" | undefined {
  return (["shrunk", "none"] as const).find((base) => methods.includes(base));
}

function gain(score: ScoreSummary, base: ScoreSummary | undefined): Html | false {
  const isBaseline = score.method === "none" || score.method === "shrunk";
  if (base === undefined || isBaseline) return false;
  const difference = signed(score.mean - base.mean);
  const direction = difference === signed(0) ? "" : difference.startsWith("+") ? "up" : "down";
  return markup`<small class="${direction}" title="against ${base.method}">${difference}</small>`;
}

function seedsOf({ seeds }: ScoreSummary): Html | false {
  if (seeds.length < 2) return false;
  const values = seeds.map((s) => points(s.mean)).join(" · ");
  return markup`<small class="seeds" title="every seed">${values}</small>`;
}

function scoreCell(block: Block, method: string, model: string): Html {
  const score = block.score(method, model);
  if (!score) return markup`<td></td>`;
  const [lo, hi] = score.ci95;
  const base = baseOf(block);
  return markup`<td title="n = ${score.n}"><strong>${points(score.mean)}</strong> ${
    gain(score, base && block.score(base, model))
  }<br><small>[${points(lo)}, ${points(hi)}]${cautionMark(score)}</small>${bar(score)}${
    seedsOf(score)
  }</td>`;
}

function scoreTable(block: Block): Html {
  const heads = block.models.map(({ name, role }) =>
    markup`<th>${modelName(name)}<br><span class="role ${role}">${standingName(role)}</span></th>`
  );
  const rows = block.methods.map((method) => {
    const cells = block.models.map((m) => scoreCell(block, method, m.name));
    return markup`<tr><th>${methodName(method)}</th><td class="delta">${
      deltaName(block.delta(method))
    }</td>${cells}</tr>`;
  });
  const base = baseOf(block);
  return markup`<h3>${block.title}</h3>
<div class="scroll"><table class="scores"><thead><tr><th>prompt${
    base !== undefined && markup`<br><span class="role">gains over ${base}</span>`
  }</th><th>RMS of δ</th>${heads}</tr></thead>
<tbody>${rows}</tbody></table></div><p class="sample">${block.sample}</p>${metricTable(block)}${
    classTables(block)
  }`;
}

/** Blocks beyond this many are folded away: sweeps show them at a glance. */
const openBlocks = 6;

/** One table a block. */
export function scoreTables(blocks: readonly Block[]): Html {
  const tables = blocks.map(scoreTable);
  if (tables.length <= openBlocks) return markup`${tables}`;
  return markup`<details><summary>All ${tables.length} tables</summary>${tables}</details>`;
}
