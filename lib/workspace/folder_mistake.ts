/** Says before a run what is wrong with the folder of a model. @module */
import { readRegularText } from "../cache/disk/regular_file.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { filesOf, type Json } from "../models/families/family.ts";
import { findFamily, knownModelTypes } from "../models/families/family_table.ts";
import type { ModelChoice } from "../models/model_choice.ts";
import { parsePythonJson } from "../models/python_json.ts";
import { missingWeights, namesOfPart, partOf, usualParts } from "../models/weight_types.ts";
import type { NameMistake } from "../pipeline/plan/plan.ts";
import { entries, exists } from "./path_facts.ts";

/** What is wrong with a model's folder, if anything; no graph is opened. */
export function folderMistake(folder: string, choice: ModelChoice): NameMistake | undefined {
  if (!exists(`${folder}/config.json`)) return noModelIn(folder);
  const config = jsonIn(`${folder}/config.json`);
  if (config === undefined) return { cause: `${folder}/config.json is not a JSON object` };
  return typeMistake(folder, config) ?? weightMistake(folder, choice) ??
    incompleteness(folder, config);
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
function typeMistake(folder: string, { model_type: type }: Json): NameMistake | undefined {
  const known = [...knownModelTypes, ...otherModelTypes].sort();
  if (known.includes(String(type)) || hasUsualParts(folder)) return undefined;
  if (typeof type !== "string") return { cause: "its config.json has no model_type" };
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
  const parts = partsIn(folder);
  return usualParts.every((part) => namesOfPart(part).some((name) => parts.has(name)));
}

/** The graphs in a model's folder, of whatever weights. */
function partsIn(folder: string): ReadonlySet<string> {
  return new Set(
    entries(`${folder}/onnx`).filter(({ name }) => name.endsWith(".onnx"))
      .map(({ name }) => partOf(name.slice(0, -".onnx".length))),
  );
}

/** A file without a JSON object gives none. */
function jsonIn(path: string): Json | undefined {
  try {
    const value = parsePythonJson(readRegularText(path));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Json
      : undefined;
  } catch {
    return undefined;
  }
}

/** Files that a multimodal language model cannot do without are missed before anything runs. */
function incompleteness(folder: string, config: Json): NameMistake | undefined {
  if (otherModelTypes.includes(String(config.model_type))) return undefined;
  const family = findFamily(config);
  const wanted = family === undefined ? usualParts : filesOf(family, config);
  const graphs = partsIn(folder);
  const missing = [
    ...wanted.filter((part) => !namesOfPart(part).some((name) => graphs.has(name))).map((p) =>
      `onnx/${p}.onnx`
    ),
    ...hasProcessor(folder) ? [] : ["preprocessor_config.json"],
    ...exists(`${folder}/tokenizer.json`) ? [] : ["tokenizer.json"],
  ];
  if (missing.length === 0) return undefined;
  const found = [...graphs].sort().join(", ");
  return {
    cause: `${missing.join(", ")} missing in ${folder}`,
    notes: [`there is ${found === "" ? "no graph" : found} in onnx/`],
  };
}

/** Whether the settings of the image processor are in a file of their own, or among others. */
function hasProcessor(folder: string): boolean {
  return exists(`${folder}/preprocessor_config.json`) ||
    jsonIn(`${folder}/processor_config.json`)?.image_processor !== undefined;
}

/** Missing weights are reported before the stages that come first run. */
function weightMistake(folder: string, { weights }: ModelChoice): NameMistake | undefined {
  const files = entries(`${folder}/onnx`).map(({ name }) => name);
  const missing = missingWeights(files, weights);
  if (missing === undefined) return undefined;
  const graphs = files.filter((name) => name.endsWith(".onnx")).sort().join(", ");
  return { cause: `${folder}/onnx has no ${missing}`, notes: [`there is ${graphs || "no graph"}`] };
}
