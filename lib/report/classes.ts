/** The tables of classes: how often each was right, and what was answered in its place. @module */
import type { ClassResult, ScoreSummary } from "../artifacts/report.ts";
import type { Block } from "./blocks.ts";
import { type Html, markup } from "./html.ts";
import { methodName, modelName, points } from "./words.ts";

/** A score whose task has classes. */
interface Classified extends ScoreSummary {
  readonly classes: readonly ClassResult[];
}

/** Scores of a block whose task has classes, by model. */
export function classifiedIn(block: Block): readonly (readonly Classified[])[] {
  return block.models.map(({ name }) =>
    block.methods.flatMap((method) => {
      const score = block.score(method, name);
      return score?.classes === undefined ? [] : [score as Classified];
    })
  ).filter((scores) => scores.length > 0);
}

/** Accuracy of each class, a column for each method. */
export function classRows(scores: readonly Classified[]): string[][] {
  return scores[0]!.classes.map(({ name, rows }, i) => [
    name,
    String(rows),
    ...scores.map(({ classes }) => rows === 0 ? "–" : points(classes[i]!.mean)),
  ]);
}

/** The tables of a block, folded away. */
export function classTables(block: Block): Html | false {
  const byModel = classifiedIn(block);
  if (byModel.length === 0) return false;
  return markup`<details><summary>Class by class: ${block.title}</summary>
<p>Accuracy in % of the rows of each class, and how often which class was answered.</p>${
    byModel.map(classTable)
  }</details>`;
}

function classTable(scores: readonly Classified[]): Html {
  const heads = ["class", "rows", ...scores.map(({ method }) => methodName(method))];
  const rows = classRows(scores).map(([name, count, ...cells]) =>
    markup`<tr><th>${name!}</th><td>${count!}</td>${cells.map(shareCell)}</tr>`
  );
  return markup`<h4>${
    modelName(scores[0]!.model)
  }</h4><div class="scroll"><table class="classes"><thead><tr>${
    heads.map((head) => markup`<th>${head}</th>`)
  }</tr></thead><tbody>${rows}</tbody></table></div>${answerTables(scores)}`;
}

/** A share in %, shaded by it. */
function shareCell(share: string): Html {
  return markup`<td${shade("var(--up)", Number(share) / 100 || 0)}>${share}</td>`;
}

const shade = (colour: string, share: number): Html =>
  markup` style="background:color-mix(in srgb,${colour} ${(70 * share).toFixed(0)}%,transparent)"`;

/** What a model answered in place of what, a table for each method, folded away. */
function answerTables(scores: readonly Classified[]): Html | false {
  const tables = scores.map(confusion).filter((table) => table !== false);
  if (tables.length === 0) return false;
  return markup`<details class="answers"><summary>What ${
    modelName(scores[0]!.model)
  } answered</summary><div class="row">${tables}</div></details>`;
}

/** A shade by the share of the rows of its class. */
function cell(count: number, { rows }: ClassResult, isRight: boolean): Html {
  const colour = isRight ? "var(--up)" : "var(--down)";
  return markup`<td${shade(colour, rows === 0 ? 0 : count / rows)}>${
    count === 0 ? "" : String(Math.round(count))
  }</td>`;
}

function confusion({ method, classes }: Classified): Html | false {
  if (classes.some(({ answered }) => answered === undefined)) return false;
  const heads = classes.map(({ name }) => markup`<th>${name}</th>`);
  const rows = classes.map((result, i) =>
    markup`<tr><th>${result.name}</th>${
      result.answered!.map((count, k) => cell(count, result, i === k))
    }</tr>`
  );
  return markup`<div class="scroll"><table class="matrix"><caption>${
    methodName(method)
  }</caption><thead><tr><th>answer →<br>truth ↓</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
