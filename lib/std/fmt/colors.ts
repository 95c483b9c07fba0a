/** `@std/fmt/colors` from the npm build of the standard library. @module */
import * as colors from "npm:deno-std@1.4.0/fmt/colors.js";

type Paint = (text: string) => string;

export const bold: Paint = colors.bold;
export const dim: Paint = colors.dim;
export const red: Paint = colors.red;
export const green: Paint = colors.green;
export const yellow: Paint = colors.yellow;
export const blue: Paint = colors.blue;
export const cyan: Paint = colors.cyan;
export const gray: Paint = colors.gray;
export const stripAnsiCode: Paint = colors.stripAnsiCode;
export const setColorEnabled: (enabled: boolean) => void = colors.setColorEnabled;
export const getColorEnabled: () => boolean = colors.getColorEnabled;
