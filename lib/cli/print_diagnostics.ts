/** Prints diagnostics on the standard error stream. @module */
import { bold, cyan, red, yellow } from "@std/fmt/colors";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { diagnosticAnnotation, inGithub } from "./github.ts";
import { isRich, printNotice, printPaintedNotice, shownText } from "./print.ts";
import { renderDiagnostics, type RenderOptions } from "../diagnostic/render.ts";

const painted: NonNullable<RenderOptions["paint"]> = {
  error: red,
  warning: yellow,
  place: bold,
  caret: red,
  note: cyan,
};

/** Prints diagnostics with their source lines; coloured on a terminal, annotations in a workflow. */
export function printDiagnostics(diagnostics: readonly Diagnostic[]): void {
  const paint = isRich(Deno.stderr) && !Deno.noColor ? painted : {};
  const text = renderDiagnostics(diagnostics, { source: readSource, paint, clean: shownText });
  printPaintedNotice(text);
  if (inGithub()) diagnostics.map(diagnosticAnnotation).forEach(printNotice);
}

/** Text of a file, to show a line of it; an argument is its own text. */
function readSource(path: string): string | undefined {
  if (path.startsWith("--set ")) return path.slice("--set ".length);
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
