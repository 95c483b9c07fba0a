/** Points on a plane as SVG, a panel for each group. @module */
// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear } from "d3-scale";
import { type Html, markup } from "./html.ts";

/** A panel. */
export interface ScatterPanel {
  readonly title: string;
  /** `label` chooses the colour; −1 is grey. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: number }[];
}

const [SIDE, GAP, HEAD, FOOT] = [260, 16, 26, 40];

/** Ten hues that differ in lightness too; more labels begin again. */
const colours = [
  ...["#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f"],
  ...["#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#222222"],
];
const colourOf = (label: number) => label < 0 ? "#999999" : colours[label % colours.length]!;

/** Panels side by side with the same axes, and the names of the labels below. */
export function scatterPanels(
  panels: readonly ScatterPanel[],
  names: readonly string[] = [],
): Html {
  const all = panels.flatMap((panel) => panel.points);
  const extent = (of: (p: (typeof all)[number]) => number): [number, number] => {
    const values = all.map(of);
    const low = values.reduce((least, value) => Math.min(least, value), Infinity);
    const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
    const room = 0.04 * (high - low || 1);
    return [low - room, high + room];
  };
  const x = scaleLinear().domain(extent((p) => p.x)).range([0, SIDE]);
  const y = scaleLinear().domain(extent((p) => p.y)).range([SIDE, 0]);
  const width = panels.length * (SIDE + GAP) - GAP;
  const drawn = panels.map(({ title, points }, i) =>
    markup`<g transform="translate(${i * (SIDE + GAP)} ${HEAD})">
<text x="2" y="-8">${title}</text><rect width="${SIDE}" height="${SIDE}" fill="none" stroke="#ccc"/>
${
      points.map((p) =>
        markup`<circle cx="${x(p.x).toFixed(1)}" cy="${y(p.y).toFixed(1)}" r="2.4" fill="${
          colourOf(p.label)
        }" fill-opacity="0.75"/>`
      )
    }</g>`
  );
  const step = names.length > 0 ? Math.max(84, width / names.length) : 0;
  const legend = names.map((name, i) =>
    markup`<g transform="translate(${(i * step % width).toFixed(0)} ${
      HEAD + SIDE + 18 + 16 * Math.floor(i * step / width)
    })"><circle cx="5" cy="-4" r="4" fill="${colourOf(i)}"/><text x="13" y="0">${name}</text></g>`
  );
  const rows = step > 0 ? Math.ceil(names.length * step / width) : 0;
  const height = HEAD + SIDE + FOOT + 16 * Math.max(0, rows - 1);
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">
${drawn}
${legend}</svg>
`;
}
