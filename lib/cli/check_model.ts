/** Says what a model can be used for. @module */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { type CommandArguments, hasFlag } from "./command.ts";
import { namedModel } from "./open_model.ts";
import { printJson, printLine, printNotice } from "./print.ts";

/** Obstacles that are named before the rest is only counted. */
const shown = 10;

/**
 * Opens a model, lays out a question and builds the training graph of a prompt on it.
 *
 * @returns Whether it can be a source.
 * @throws {DiagnosticError} If it cannot be opened, so that it cannot be a target either.
 */
export async function checkModel(args: CommandArguments, name: string): Promise<boolean> {
  const { openModelDirectory, directoryOptions } = await import("../models/directory.ts");
  const { openTextEncoder } = await import("../models/prompt_text.ts");
  const { missingTemplate } = await import("../models/missing_template.ts");
  const model = await namedModel(args, name);
  const { sourceObstacles } = await import("../training/check_source.ts");
  const directory = await openModelDirectory(model.path, directoryOptions(model));
  const text = await openTextEncoder(directory);
  text.instruction("What is this?");
  const warning = await missingTemplate(directory);
  const obstacles = await sourceObstacles(directory);
  const family = String(directory.config.model_type);
  if (hasFlag(args, "json")) {
    const warnings = warning === undefined ? [] : [warning];
    const source = obstacles.length === 0;
    printJson({ model: name, family, target: true, source, obstacles, warnings });
  } else {
    print({ name, family }, obstacles);
    const messages = [...directory.warnings, ...warning === undefined ? [] : [warning.message]];
    for (const message of messages) printNotice(`warning: ${message}`);
  }
  return obstacles.length === 0;
}

function print(
  { name, family }: { readonly name: string; readonly family: string },
  obstacles: readonly Diagnostic[],
): void {
  printLine(`${name}: ${family}`);
  printLine("target  yes: its files, tokenizer and chat template can be read");
  if (obstacles.length === 0) return printLine("source  yes: its loss can be differentiated");
  printLine("source  no:");
  for (const { message, notes = [] } of obstacles.slice(0, shown)) {
    printLine(`  ${message}`);
    for (const note of notes) printLine(`    ${note}`);
  }
  if (obstacles.length > shown) printLine(`  and ${obstacles.length - shown} more`);
}
