/** Finds the folder of a model by its name, for commands that look at a model. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import type { NamedModel } from "../models/directory.ts";
import { parseWeights } from "../models/model_choice.ts";
import type { WeightChoice } from "../models/weight_types.ts";
import { projectRoot } from "../workspace/places.ts";
import { modelFolder } from "../workspace/model_sources.ts";
import { showFetched } from "./fetch_line.ts";
import { type CommandArguments, textOption } from "./command.ts";
import { printNotice } from "./print.ts";

/**
 * A model by its name, with the weights that are asked for.
 *
 * @throws {DiagnosticError} If there is no such model, or `--weights` cannot be read.
 */
export async function namedModel(args: CommandArguments, name: string): Promise<NamedModel> {
  const text = textOption(args, "weights");
  if (text === undefined) return { name, path: await modelPath(name) };
  const choice = parseWeights(text);
  if (typeof choice === "string") {
    throw diagnosticError("usage", `Cannot use --weights "${text}": ${choice}`);
  }
  return { name, path: await modelPath(name, choice.weights), ...choice };
}

/**
 * The folder of a model: of the zoo, of a hub (fetched where it is not here), or a path.
 *
 * @throws {DiagnosticError} If there is no such model.
 */
export async function modelPath(name: string, weights?: WeightChoice): Promise<string> {
  const folders = {
    root: projectRoot.pathname,
    base: Deno.cwd(),
    onWarning: ({ message }: { message: string }) => printNotice(message),
    onFetch: showFetched,
  };
  return await modelFolder(folders, name, weights);
}
