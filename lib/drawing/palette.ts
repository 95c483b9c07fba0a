/** Colours of backgrounds that have names. @module */
import type { Colour } from "./drawing.ts";

/** Colours of backgrounds that are asked for. */
export const palette: Readonly<Record<string, Colour>> = {
  red: [0.85, 0.15, 0.15],
  green: [0.2, 0.65, 0.25],
  blue: [0.2, 0.35, 0.85],
  yellow: [0.95, 0.85, 0.25],
  purple: [0.55, 0.25, 0.7],
  orange: [0.95, 0.55, 0.15],
  white: [0.95, 0.95, 0.95],
  black: [0.08, 0.08, 0.08],
  grey: [0.5, 0.5, 0.5],
  pink: [0.97, 0.65, 0.78],
};

/** Names of the colours, in the order that {@linkcode Fact.colour} counts. */
export const colourNames: readonly string[] = Object.keys(palette);

/** The colours, in this order. */
export const paletteColours = Object.values(palette);
