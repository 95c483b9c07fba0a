/** Asks a model every row of a data set. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import {
  directoryOptions,
  type LanguageModelDirectory,
  type NamedModel,
  openClipDirectory,
  openModelDirectory,
} from "../models/directory.ts";
import { isKeyOrValue, isPast } from "../models/cached_states.ts";
import { embedTexts, unitRows } from "../models/clip_text.ts";
import { type GenerationSettings, settingsIn } from "../models/generation_settings.ts";
import { type ImageLayout, openImageReader } from "../models/image_layout.ts";
import { stackPixels } from "../models/prompted_images.ts";
import {
  type InstructionEncoder,
  type InstructionIds,
  openTextEncoder,
} from "../models/instruction_text.ts";
import { openSession, type SessionOptions } from "../runtime/session.ts";
import { extremes } from "../tensor/extremes.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ImagePlan } from "../vision/image_plan.ts";
import { planProcessor } from "../vision/processor_table.ts";
import type { ImageSize } from "../vision/resize.ts";
import { images } from "./batch_fill.ts";
import { type GeneratorOptions, openGenerator } from "./generation.ts";
import { openScorer, type ScorerOptions } from "./likelihood.ts";
import { OpenFew } from "./open_few.ts";
import type { ProcessorSettings } from "./shown_rows.ts";

/** What is asked about an image. */
export interface Question {
  readonly instruction: string;
}

/** An answer: the best candidate with the scores of all, or free text. */
export type Answer =
  | { readonly prediction: number; readonly scores: readonly number[] }
  | { readonly prediction: string };

/** An image as a model reads it. */
export interface ReadImage {
  /** `[1, …]` */
  readonly pixels: Tensor<"float32">;
  /** Equal for images that may go through the model side by side. */
  readonly layout: string;
}

/** What an image processor does with images of one size. */
export interface ImageReading {
  readonly plan: ImagePlan;
  /** See {@linkcode ReadImage}. */
  readonly layout: string;
}

/** Answers questions about images, a batch at a time. */
export interface Answerer extends AsyncDisposable {
  /** The model's own image processor. */
  readonly processor: ProcessorSettings;
  /** How images of a size are read. */
  lay(size: ImageSize): ImageReading;
  /** Answers the questions of rows `from` to `from + images.length`. */
  answer(images: readonly ReadImage[], from: number): Promise<readonly Answer[]>;
}

/** A task for a model. */
export interface AnswerTask {
  readonly model: NamedModel;
  readonly questions: readonly Question[];
  /** Candidate answers; absent for free text. */
  readonly candidates?: readonly string[];
  /** For CLIP: caption of each candidate. */
  readonly captions?: readonly string[];
  /** Longest free answer in tokens. */
  readonly maxTokens: number;
  /** How free answers are generated, or that the model's generation_config.json says; default greedy. */
  readonly generation?: GenerationSettings | "config" | undefined;
  readonly batch: number;
  readonly session: SessionOptions;
}

/** Opens a multimodal language model for a task: likelihood over candidates, or generation. */
export async function openLanguageAnswerer(task: AnswerTask): Promise<Answerer> {
  const directory = await openModelDirectory(task.model.path, directoryOptions(task.model));
  for (const warning of directory.warnings) task.session.log?.(`warning: ${warning}`);
  const reader = await openImageReader(directory);
  // Every layout has graphs of its own.
  const opened = new OpenFew<LayoutAnswerer>(maxOpen);
  const layouts = new Map<string, ImageLayout>();
  return {
    processor: { config: directory.preprocessor, options: reader.options },
    lay: (size) => {
      const layout = reader.lay(size);
      layouts.set(layout.key, layout);
      return { plan: layout.plan, layout: layout.key };
    },
    answer: async (read, from) => {
      const answers: Answer[] = [];
      for (const [key, rows] of Map.groupBy(read.keys(), (row) => read[row]!.layout)) {
        const layout = layouts.get(key)!;
        const answerer = await opened.get(key, () => openForLayout(directory, task, layout));
        const pixels = stackPixels(rows.map((row) => read[row]!.pixels));
        const found = await answerer.answer(pixels, rows.map((row) => from + row));
        rows.forEach((row, i) => answers[row] = found[i]!);
      }
      return answers;
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** Graphs that are kept open; most models read all images in one layout. */
const maxOpen = 4;

/** Answers questions about images of one layout. */
interface LayoutAnswerer extends AsyncDisposable {
  answer(pixels: Tensor<"float32">, rows: readonly number[]): Promise<readonly Answer[]>;
}

async function openForLayout(
  directory: LanguageModelDirectory,
  task: AnswerTask,
  image: ImageLayout,
): Promise<LayoutAnswerer> {
  const text = await openTextEncoder(directory, image);
  const instructions = memoised(text, task.questions);
  const lengthOf = (row: number) => instructions[row]!.ids.length;
  const open = (instructionLength: number, promptLength: number) =>
    openForTexts({ directory, text, image, instructionLength, promptLength }, task, instructions);
  const promptOf = (row: number) => instructions[row]!.prompt?.length ?? 1;
  const hasOnePrompt = instructions.every((_, row) => promptOf(row) === promptOf(0));
  if (hasOnePrompt && !await keepsOtherStates(directory)) {
    return await open(longest(instructions.map(({ ids }) => ids)), promptOf(0));
  }
  // Such states would take in what fills up the shorter texts, and nothing hides what fills up a
  // decoder's prompt: texts of one length go together.
  const opened = new OpenFew<LayoutAnswerer>(maxOpen);
  return {
    answer: async (pixels, rows) => {
      const answers: Answer[] = [];
      const keyOf = (row: number) => `${lengthOf(row)} ${promptOf(row)}`;
      for (const [key, places] of Map.groupBy(rows.keys(), (place) => keyOf(rows[place]!))) {
        const row = rows[places[0]!]!;
        const answerer = await opened.get(key, () => open(lengthOf(row), promptOf(row)));
        const some = stackPixels(places.map((place) => images(pixels, place, place + 1)));
        const found = await answerer.answer(some, places.map((place) => rows[place]!));
        places.forEach((place, i) => answers[place] = found[i]!);
      }
      return answers;
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** The largest length: a data set may have more rows than a function takes arguments. */
function longest(lists: readonly (readonly unknown[])[]): number {
  return extremes(lists.map(({ length }) => length))[1];
}

/** Whether a decoder keeps more of what it read than keys and values, which a mask can hide. */
async function keepsOtherStates(directory: LanguageModelDirectory): Promise<boolean> {
  const { graph } = await directory.readPart("decoder_model_merged");
  return graph.inputs.some(({ name }) => isPast(name) && !isKeyOrValue(name));
}

/** Answers questions whose texts are filled up to one length. */
async function openForTexts(
  reading:
    & Pick<GeneratorOptions, "directory" | "text" | "image" | "instructionLength">
    & Required<Pick<ScorerOptions, "promptLength">>,
  task: AnswerTask,
  instructions: readonly InstructionIds[],
): Promise<LayoutAnswerer> {
  const options = {
    ...reading,
    batch: Math.min(task.batch, task.questions.length),
    qformerLength: longest(instructions.map(({ qformerIds }) => qformerIds)),
    session: task.session,
  };
  const of = (rows: readonly number[]) => rows.map((row) => instructions[row]!);
  if (task.candidates === undefined) {
    const settings = generationOf(task, reading.directory);
    const generator = await openGenerator({ ...options, maxTokens: task.maxTokens, settings });
    return {
      answer: async (pixels, rows) => {
        const texts = await generator.generate(pixels, of(rows), rows);
        return texts.map((prediction) => ({ prediction }));
      },
      [Symbol.asyncDispose]: () => generator[Symbol.asyncDispose](),
    };
  }
  const scorer = await openScorer({ ...options, candidates: task.candidates });
  return {
    answer: async (pixels, rows) =>
      (await scorer.score(pixels, of(rows)))
        .map((scores) => ({ prediction: indexOfLargest(scores), scores })),
    [Symbol.asyncDispose]: () => scorer[Symbol.asyncDispose](),
  };
}

function generationOf(
  { generation = {} }: AnswerTask,
  directory: LanguageModelDirectory,
): GenerationSettings {
  return generation === "config"
    ? settingsIn(directory.generation, `${directory.path}/generation_config.json`)
    : generation;
}

/** Questions repeat: each text is encoded once. */
function memoised(text: InstructionEncoder, questions: readonly Question[]) {
  const known = new Map<string, ReturnType<InstructionEncoder["instruction"]>>();
  return questions.map(({ instruction }) => {
    let ids = known.get(instruction);
    if (ids === undefined) known.set(instruction, ids = text.instruction(instruction));
    return ids;
  });
}

/**
 * Opens CLIP as a zero-shot classifier: cosine of image and caption.
 *
 * @throws {DiagnosticError} If the model is incomplete, or is asked for free text.
 */
export async function openClipAnswerer(task: AnswerTask): Promise<Answerer> {
  if (task.candidates === undefined) {
    const message = `Cannot ask "${task.model.name}" for free text: it is a CLIP model, which ` +
      "only compares an image with given texts";
    throw new DiagnosticError([{ code: "no-free-text", severity: "error", message }]);
  }
  const directory = await openClipDirectory(task.model.path, directoryOptions(task.model));
  const captions = task.captions ?? task.candidates ?? [];
  const texts = await embedTexts(directory, captions, task.session);
  const session = await openSession(await directory.readPart("vision_model"), task.session);
  const width = texts.dims[1]!;
  return {
    processor: { config: directory.preprocessor, options: {} },
    lay: (size) => ({ plan: planProcessor(directory.preprocessor, size), layout: "" }),
    answer: async (images) => {
      const pixels = stackPixels(images.map((image) => image.pixels));
      const { image_embeds: embeds } = await session.run({ pixel_values: pixels });
      const { data } = unitRows(embeds as Tensor<"float32">);
      return Array.from({ length: pixels.dims[0]! }, (_, row) => {
        const image = data.subarray(row * width, (row + 1) * width);
        const scores = captions.map((_, c) => dot(image, texts.data.subarray(c * width)));
        return { prediction: indexOfLargest(scores), scores };
      });
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Index of the largest value; the first of equal ones. */
function indexOfLargest(values: readonly number[]): number {
  let best = 0;
  values.forEach((value, i) => {
    if (value > values[best]!) best = i;
  });
  return best;
}
