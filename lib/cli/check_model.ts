/** Says what a model can be used for. @module */
import type { SourceCheck } from "../training/check_source.ts";
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
  const { openTextEncoder } = await import("../models/instruction_text.ts");
  const { missingTemplate } = await import("../models/missing_template.ts");
  const model = await namedModel(args, name);
  const { checkSource } = await import("../training/check_source.ts");
  const directory = await openModelDirectory(model.path, directoryOptions(model));
  const text = await openTextEncoder(directory);
  text.instruction("What is this?");
  const warning = await missingTemplate(directory);
  const checked = await checkSource(directory);
  const { obstacles, memory, cuda } = checked;
  const family = String(directory.config.model_type);
  if (hasFlag(args, "json")) {
    const opened = directory.warnings.map((message) => ({
      code: "model-assumed",
      severity: "warning" as const,
      message,
    }));
    const warnings = [...opened, ...warning === undefined ? [] : [warning]];
    const source = obstacles.length === 0;
    printJson({ model: name, family, target: true, source, obstacles, memory, cuda, warnings });
  } else {
    await print({ name, family }, checked);
    const messages = [...directory.warnings, ...warning === undefined ? [] : [warning.message]];
    for (const message of messages) printNotice(`warning: ${message}`);
  }
  return obstacles.length === 0;
}

async function print(
  { name, family }: { readonly name: string; readonly family: string },
  { obstacles, memory, cuda }: SourceCheck,
): Promise<void> {
  printLine(`${name}: ${family}`);
  printLine("target  yes: its files, tokenizer and chat template can be read");
  if (memory !== undefined) {
    const { memoryLine } = await import("../training/step_memory.ts");
    printLine("source  yes: its loss can be differentiated");
    printLine(`        ${memoryLine(memory, memory.batch)}, 224 pixels`);
    const { fallbackLine } = await import("../runtime/placement.ts");
    return printLine(`cuda    ${cuda && fallbackLine(cuda) || "all nodes of a step run there"}`);
  }
  printLine("source  no:");
  for (const { message, notes = [] } of obstacles.slice(0, shown)) {
    printLine(`  ${message}`);
    for (const note of notes) printLine(`    ${note}`);
  }
  if (obstacles.length > shown) printLine(`  and ${obstacles.length - shown} more`);
}
