/** Line charts of training curves as SVG. @module */
// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear } from "d3-scale";
// @ts-types="npm:@types/d3-shape@3.1.7"
import { curveMonotoneX, line } from "d3-shape";
import { type Html, markup } from "./html.ts";

/** One line of a chart. */
export interface Series {
  readonly name: string;
  /** CSS class that gives the colour. */
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT] = [420, 220];
const MARGIN = { top: 14, right: 14, bottom: 34, left: 48 };

/** Mean of each window of points: what a noisy curve does, without inventing values. */
export function smooth(points: Series["points"], windows = 60): Series["points"] {
  const size = Math.max(1, Math.floor(points.length / windows));
  const out: [number, number][] = [];
  for (let i = 0; i + size <= points.length; i += size) {
    const window = points.slice(i, i + size);
    const mean = (k: 0 | 1) => window.reduce((sum, p) => sum + p[k], 0) / size;
    out.push([mean(0), mean(1)]);
  }
  return out;
}

/** Smallest and largest value; a constant gets room around it, or it would have no axis. */
function wide(values: readonly number[]): [number, number] {
  const lo = values.reduce((least, value) => Math.min(least, value), Infinity);
  const hi = values.reduce((most, value) => Math.max(most, value), -Infinity);
  return hi > lo ? [lo, hi] : [lo - 0.5, hi + 0.5];
}

/** A line chart with axes, one line a series. */
export function lineChart(
  title: string,
  series: readonly Series[],
  xName = "step",
): Html | false {
  const all = series.flatMap((s) => s.points);
  if (all.length === 0) return false;
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const bottom = HEIGHT - MARGIN.bottom;
  const x = scaleLinear().domain(wide(all.map((p) => p[0]))).range([left, right]);
  const y = scaleLinear().domain(wide(all.map((p) => p[1]))).nice().range([bottom, MARGIN.top]);
  const path = line<readonly [number, number]>().x((p) => x(p[0])).y((p) => y(p[1]))
    .curve(curveMonotoneX);
  const at = (value: number) => value.toFixed(1);
  const rows = y.ticks(4).map((t) =>
    markup`<line class="grid" x1="${left}" x2="${right}" y1="${at(y(t))}" y2="${at(y(t))}"/>
<text x="${left - 6}" y="${at(y(t) + 4)}" text-anchor="end">${y.tickFormat(4)(t)}</text>`
  );
  const columns = x.ticks(5).map((t) =>
    markup`<text x="${at(x(t))}" y="${bottom + 16}" text-anchor="middle">${t}</text>`
  );
  const lines = series.map(({ name, colour, points }) =>
    markup`<path class="line ${colour}" d="${
      path([...points]) ?? ""
    }"><title>${name}</title></path>`
  );
  return markup`<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
${rows}${columns}
<text x="${(WIDTH + left) / 2}" y="${HEIGHT - 2}" text-anchor="middle">${xName}</text>
${lines}</svg><figcaption>${title}</figcaption></figure>`;
}
