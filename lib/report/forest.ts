/** Differences with their intervals beside a line at zero, as SVG. @module */
// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear } from "d3-scale";
import { type Html, markup } from "./html.ts";

/** One difference. */
export interface ForestRow {
  readonly name: string;
  readonly detail: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly text: string;
}

const width = 960;
const rowHeight = 34;
const foot = 34;
/** The plot lies between the names and the figures. */
const [left, right] = [300, 780];

/** One line a difference: green above zero, red below, grey where the interval holds zero. */
export function forestPlot(rows: readonly ForestRow[]): Html {
  const low = Math.min(0, ...rows.map((row) => row.low));
  const high = Math.max(0, ...rows.map((row) => row.high));
  const x = scaleLinear().domain([low, high]).nice(6).range([left, right]);
  const at = (value: number) => x(value).toFixed(1);
  const bottom = rows.length * rowHeight + 6;
  const ticks = x.ticks(6).map((tick) =>
    markup`<line class="${tick === 0 ? "zero" : "grid"}" x1="${at(tick)}" x2="${
      at(tick)
    }" y1="0" y2="${bottom}"/><text x="${at(tick)}" y="${bottom + 15}" text-anchor="middle">${
      tick > 0 ? `+${tick}` : `${tick}`.replace("-", "−")
    }</text>`
  );
  const drawn = rows.map((row, i) => {
    const y = i * rowHeight + rowHeight / 2 + 3;
    const side = row.low > 0 ? "better" : row.high < 0 ? "worse" : "unclear";
    return markup`<g class="${side}"><text class="name" x="0" y="${y - 2}">${row.name}</text>
<text x="0" y="${y + 11}">${row.detail}</text>
<line x1="${at(row.low)}" x2="${at(row.high)}" y1="${y}" y2="${y}"/><circle cx="${
      at(row.value)
    }" cy="${y}" r="5"/><text x="${width}" y="${y + 4}" text-anchor="end">${row.text}</text></g>`;
  });
  return markup`<figure class="forest"><svg viewBox="0 0 ${width} ${
    bottom + foot
  }" role="img" aria-label="differences in points with 95 % intervals">
${ticks}${drawn}<text x="${(left + right) / 2}" y="${
    bottom + 31
  }" text-anchor="middle">difference in points; the line is the 95 % interval</text></svg></figure>`;
}
