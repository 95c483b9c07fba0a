/** Says before a run what is wrong with the folder of a model. @module */
import { readRegularText } from "../cache/disk/regular_file.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { knownModelTypes } from "../models/families/family_table.ts";
import type { ModelChoice } from "../models/model_choice.ts";
import { missingWeights, partOf, usualParts } from "../models/weight_types.ts";
import type { NameMistake } from "../pipeline/plan/plan.ts";
import { entries, exists } from "./path_facts.ts";

/** What is wrong with a model's folder, if anything; no graph is opened. */
export function folderMistake(folder: string, choice: ModelChoice): NameMistake | undefined {
  if (!exists(`${folder}/config.json`)) return noModelIn(folder);
  return typeMistake(folder) ?? weightMistake(folder, choice);
}

function noModelIn(folder: string): NameMistake {
  return {
    cause: `there is no config.json in ${folder}`,
    notes: ["a model's folder has config.json, preprocessor_config.json, tokenizer.json and onnx/"],
  };
}

/** What models of other structures than families of multimodal models are of use. */
const otherModelTypes = ["clip"];

/** A model of a type that nothing here can run is reported before the stages that come before it run. */
function typeMistake(folder: string): NameMistake | undefined {
  const type = modelTypeIn(`${folder}/config.json`);
  const known = [...knownModelTypes, ...otherModelTypes].sort();
  if (type === undefined || known.includes(type) || hasUsualParts(folder)) return undefined;
  return {
    cause: `its config.json says model_type "${type}", which is not supported`,
    notes: [
      ...suggestions(type, known),
      "if its graphs have the structure of one of these, name that one in its config.json",
    ],
  };
}

/** A model of another type whose graphs have the usual names is opened by the default rule. */
function hasUsualParts(folder: string): boolean {
  const parts = new Set(
    entries(`${folder}/onnx`).filter(({ name }) => name.endsWith(".onnx"))
      .map(({ name }) => partOf(name.slice(0, -".onnx".length))),
  );
  return usualParts.every((part) => parts.has(part));
}

/** Undefined if it cannot be read: opening the model says what else is wrong. */
function modelTypeIn(path: string): string | undefined {
  try {
    const config = JSON.parse(readRegularText(path)) as { model_type?: unknown } | null;
    return typeof config?.model_type === "string" ? config.model_type : undefined;
  } catch {
    return undefined;
  }
}

/** Missing weights are reported before the stages that come first run. */
function weightMistake(folder: string, { weights }: ModelChoice): NameMistake | undefined {
  const files = entries(`${folder}/onnx`).map(({ name }) => name);
  const missing = missingWeights(files, weights);
  if (missing === undefined) return undefined;
  const graphs = files.filter((name) => name.endsWith(".onnx")).sort().join(", ");
  return { cause: `${folder}/onnx has no ${missing}`, notes: [`there is ${graphs || "no graph"}`] };
}
