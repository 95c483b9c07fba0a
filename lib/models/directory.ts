/** Model directories in the layout of Hugging Face and transformers.js. @module */
import { basename, join } from "@std/path";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Model } from "../onnx/ir/model.ts";
import { isPast } from "./cached_states.ts";
import { readPartFile } from "./read_part.ts";
import { ProcessorFieldError } from "../vision/processor_fields.ts";
import { checkProcessor, isProcessorType } from "../vision/processor_table.ts";
import { type Family, filesOf, type Json, type MadeParts } from "./families/family.ts";
import { defaultRule, defaultRuleWarning } from "./families/default_rule.ts";
import { familyOf, findFamily } from "./families/family_table.ts";
import { madeParts } from "./made_parts.ts";
import { readModelJson, unreadable } from "./model_file.ts";
import {
  configSchema,
  generationSchema,
  preprocessorSchema,
  processorSchema,
} from "./model_schema.ts";
import { mergeDecoders } from "./merge_decoders.ts";
import { checkInterface } from "./part_interface.ts";
import { openTokenizer, type TextTokenizer } from "./tokenize.ts";
import {
  fileOfNoPart,
  type ModelPart,
  namesOfPart,
  shownWeights,
  suffixOrder,
  usualParts,
  type WeightChoice,
} from "./weight_types.ts";

/** How to open a directory. */
export interface DirectoryOptions {
  /** The model's name in messages and results; default the name of the folder. */
  readonly name?: string;
  /** Which files to take; default those without a suffix, else the first type that is complete. */
  readonly weights?: WeightChoice;
}

/** An open model directory. Graphs are read on demand. */
export interface ModelDirectory {
  readonly path: string;
  readonly name: string;
  readonly config: Json;
  /** generation_config.json; empty if there is none. */
  readonly generation: Json;
  /** processor_config.json; empty if there is none. */
  readonly processor: Json;
  /** Settings of the image processor. */
  readonly preprocessor: Json;
  has(part: ModelPart): boolean;
  /** Path of a part's file. @throws {DiagnosticError} If it is missing. */
  partPath(part: ModelPart): string;
  /** Decodes a part; weights stay references into its files. */
  readPart(part: ModelPart): Promise<Model>;
  tokenizer(): Promise<TextTokenizer>;
  /** Warnings about how it was opened. */
  readonly warnings: readonly string[];
}

/** A directory of a multimodal language model. */
export interface LanguageModelDirectory extends ModelDirectory {
  readonly family: Family;
}

/**
 * Opens the directory of a multimodal language model and checks that its files are there.
 *
 * @throws {DiagnosticError} If files are missing or no JSON, or the model type is unknown; all that
 * is missing is named at once.
 *
 * @example
 * ```ts
 * import { openModelDirectory } from "@tvp/pipeline/models";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await openModelDirectory("zoo/mini-blip2");
 * assertEquals(directory.family.modelTypes, ["blip-2"]);
 * const decoder = await directory.readPart("decoder_model_merged");
 * console.log(decoder.graph.inputs.map((input) => input.name));
 * ```
 */
export async function openModelDirectory(
  path: string,
  options: DirectoryOptions = {},
): Promise<LanguageModelDirectory> {
  const configPath = join(path, "config.json");
  const config = await readConfig(path, options);
  const known = findFamily(config);
  if (known?.parts !== undefined) {
    return await openMade(path, madeParts[known.parts], config, { ...options, family: known });
  }
  const usual = findParts(path, usualParts, options.weights).size === usualParts.length;
  // A model of a new family has the usual parts; without them nothing says what to do with it.
  const family = known ?? (usual ? defaultRule : familyOf(config, configPath));
  const directory = await openParts(path, filesOf(family, config), config, { ...options, family });
  const warnings = known === undefined ? [defaultRuleWarning(config, directory.name)] : [];
  return checked({ ...directory, family, warnings: [...warnings, ...directory.warnings] });
}

/** A directory whose usual parts are made of others. */
async function openMade(
  path: string,
  made: MadeParts,
  config: Json,
  options: DirectoryOptions & { readonly family: Family },
): Promise<LanguageModelDirectory> {
  const directory = await openParts(path, filesOf(options.family, config), config, options);
  const { readPart } = directory;
  return checked({
    ...directory,
    family: options.family,
    has: (part) => made[part] !== undefined || directory.has(part),
    readPart: (part) => made[part]?.(readPart, directory.processor) ?? readPart(part),
  });
}

/** The directory with graphs that are sure to have the inputs and outputs of their parts. */
function checked(directory: LanguageModelDirectory): LanguageModelDirectory {
  return {
    ...directory,
    readPart: async (part) => {
      const model = await directory.readPart(part);
      checkInterface(part, model, directory.name);
      return model;
    },
  };
}

/** A model as stages get it: weights were checked when the pipeline was planned. */
export interface NamedModel {
  readonly name: string;
  readonly path: string;
  readonly weights?: string | Readonly<Record<string, string>> | undefined;
}

/** Options for the directory of a named model. */
export function directoryOptions({ name, weights }: NamedModel): DirectoryOptions {
  return { name, ...(weights === undefined ? {} : { weights: weights as WeightChoice }) };
}

/** Whether a model reads the prompt with an encoder, and answers with a decoder. */
export function isEncoderDecoder({ family, config, has }: LanguageModelDirectory): boolean {
  const architecture = family.architecture?.(config);
  return architecture === undefined ? has("encoder_model") : architecture === "encoder-decoder";
}

/**
 * Opens the directory of a CLIP model: `vision_model` and, where captions are embedded at run time,
 * `text_model`.
 *
 * @throws {DiagnosticError} As {@linkcode openModelDirectory}.
 *
 * @example
 * ```ts
 * import { openClipDirectory } from "@tvp/pipeline/models";
 * import { assert } from "@std/assert";
 *
 * const clip = await openClipDirectory("zoo/mini-clip");
 * assert(clip.has("vision_model"));
 * ```
 */
export async function openClipDirectory(
  path: string,
  options: DirectoryOptions = {},
): Promise<ModelDirectory> {
  return await openDirectoryParts(path, ["vision_model"], options);
}

/** `model_type` of a directory's config.json. @throws {DiagnosticError} If there is none to read. */
export async function readModelType(path: string, name: string): Promise<unknown> {
  return (await readConfig(path, { name })).model_type;
}

async function readConfig(path: string, options: DirectoryOptions): Promise<Json> {
  const name = options.name ?? path;
  if (!isDirectory(path)) {
    throw failure("model-not-found", `Cannot open model "${name}": there is no folder "${path}"`);
  }
  const config = await readModelJson(join(path, "config.json"), configSchema);
  if (config !== undefined) return config;
  throw failure("model-incomplete", `Cannot open model "${name}": config.json is missing`, [
    "A model is a folder with config.json, preprocessor_config.json, tokenizer.json and onnx/*.onnx",
  ]);
}

/**
 * Opens a directory of any model type for some of its graphs.
 *
 * @throws {DiagnosticError} As {@linkcode openModelDirectory}.
 */
export async function openDirectoryParts(
  path: string,
  parts: readonly ModelPart[],
  options: DirectoryOptions = {},
): Promise<ModelDirectory> {
  return await openParts(path, parts, await readConfig(path, options), options);
}

async function openParts(
  path: string,
  parts: readonly ModelPart[],
  config: Json,
  options: DirectoryOptions & { readonly family?: Family },
): Promise<ModelDirectory> {
  const name = options.name ?? basename(path);
  const files = findParts(path, parts, options.weights);
  const { processor, preprocessor, warnings } = await readProcessors(path, options.family);
  const missing = parts.filter((part) => !files.has(part)).map((part) => `onnx/${part}.onnx`);
  const unused = fileOfNoPart(listOnnx(path), options.weights);
  if (unused !== undefined && missing.length === 0) missing.push(`onnx/${unused}`);
  if (preprocessor === undefined) missing.push("preprocessor_config.json");
  if (missing.length > 0) {
    const variant = options.weights === undefined
      ? ""
      : ` with weights ${shownWeights(options.weights)}`;
    throw failure(
      "model-incomplete",
      `Cannot open model "${name}"${variant}: ${missing.join(", ")} missing in "${path}"`,
      [`Found in onnx/: ${listOnnx(path).join(", ") || "nothing"}`],
    );
  }
  const partPath = (part: ModelPart): string => {
    const file = files.get(part) ?? findPart(path, part, options.weights);
    if (file !== undefined) return file;
    throw failure("model-incomplete", `Cannot open model "${name}": onnx/${part}.onnx missing`);
  };
  let tokenizer: Promise<TextTokenizer> | undefined;
  return {
    path,
    name,
    config,
    generation: await readModelJson(join(path, "generation_config.json"), generationSchema) ?? {},
    processor,
    preprocessor: preprocessor!,
    has: (part) => findPart(path, part, options.weights) !== undefined,
    partPath,
    readPart: (part) => readParts(partPath(part), findPart(path, laterDecoder, options.weights)),
    tokenizer: () => tokenizer ??= openTokenizer(path),
    warnings,
  };
}

function findParts(
  path: string,
  parts: readonly ModelPart[],
  weights: DirectoryOptions["weights"],
): ReadonlyMap<ModelPart, string> {
  const found = parts.map((part) => [part, findPart(path, part, weights)] as const);
  return new Map(found.filter((entry): entry is [ModelPart, string] => entry[1] !== undefined));
}

/** The file of a part with the weights asked for. */
function findPart(
  path: string,
  part: ModelPart,
  weights: DirectoryOptions["weights"],
): string | undefined {
  return namesOfPart(part).flatMap((name) =>
    suffixOrder(name, weights).map((suffix) => join(path, "onnx", `${name}${suffix}.onnx`))
  ).find(isFile);
}

/** The decoder for later tokens, of exports that do not merge it with the one for the first. */
const laterDecoder = "decoder_with_past_model";

/** Reads a graph; a decoder that reads no past is joined with the one that does, if there is one. */
async function readParts(file: string, later: string | undefined): Promise<Model> {
  const model = await readPartFile(file);
  const isFirst = /^decoder_model(?!_merged)/.test(basename(file)) &&
    !model.graph.inputs.some(({ name }) => isPast(name));
  return isFirst && later !== undefined ? mergeDecoders(model, await readPartFile(later)) : model;
}

/** Names of what lies with the graphs of a model directory. */
export function listOnnx(path: string): readonly string[] {
  try {
    return [...Deno.readDirSync(join(path, "onnx"))].map((entry) => entry.name).sort();
  } catch {
    return [];
  }
}

interface Processors {
  readonly processor: Json;
  readonly preprocessor: Json | undefined;
  readonly warnings: readonly string[];
}

/** The image processor's settings: those in processor_config.json win, as in transformers. */
async function readProcessors(path: string, family: Family | undefined): Promise<Processors> {
  const shared = join(path, "processor_config.json");
  const processor = await readModelJson(shared, processorSchema) ?? {};
  const own = join(path, "preprocessor_config.json");
  const settings = processor.image_processor ?? await readModelJson(own, preprocessorSchema);
  if (settings === undefined) return { processor, preprocessor: undefined, warnings: [] };
  const file = processor.image_processor ? shared : own;
  const type = settings.image_processor_type ?? settings.feature_extractor_type;
  const known = isProcessorType(type);
  const asFamily = known ? undefined : family?.processorType;
  return {
    processor,
    preprocessor: usable({
      ...settings,
      ...(asFamily === undefined ? {} : { image_processor_type: asFamily }),
      ...family?.processorSettings?.(processor),
    }, file),
    warnings: known || type === undefined ? [] : [processorWarning(type, { file, asFamily })],
  };
}

/** What to say of a kind of image processor that is not known. */
function processorWarning(
  type: unknown,
  { file, asFamily }: { readonly file: string; readonly asFamily: string | undefined },
): string {
  const how = asFamily === undefined
    ? "its images are resized, cropped and normalised by the fields that are set"
    : `its images are made as by the family's ${asFamily}`;
  return `"${file}" names the image processor ${JSON.stringify(type)}, which is not known: ${how}`;
}

function usable(preprocessor: Json, path: string): Json {
  try {
    checkProcessor(preprocessor);
    return preprocessor;
  } catch (error) {
    throw error instanceof ProcessorFieldError ? unreadable(path, error.problem) : error;
  }
}

function failure(code: string, message: string, notes: readonly string[] = []): DiagnosticError {
  const diagnostic: Diagnostic = { code, severity: "error", message, notes };
  return new DiagnosticError([diagnostic]);
}

function isFile(path: string): boolean {
  return statOf(path)?.isFile ?? false;
}

function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory ?? false;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}
