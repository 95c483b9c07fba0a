/** Asks a model every row of a data set. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { openClipDirectory, openModelDirectory } from "../models/directory.ts";
import { embedTexts, unitRows } from "../models/clip_text.ts";
import type { Json } from "../models/families/family.ts";
import { openTextEncoder, type TextEncoder } from "../models/prompt_text.ts";
import { openSession, type SessionOptions } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { openGenerator } from "./generation.ts";
import { openScorer } from "./likelihood.ts";

/** What is asked about a picture. */
export interface Question {
  readonly instruction: string;
}

/** An answer: the best candidate with the scores of all, or free text. */
export type Answer =
  | { readonly prediction: number; readonly scores: readonly number[] }
  | { readonly prediction: string };

/** Answers questions about pictures, a batch at a time. */
export interface Answerer extends AsyncDisposable {
  /** The model's preprocessor_config.json. */
  readonly preprocessor: Json;
  /** Answers the questions of rows `from` to `from + pixels.dims[0]`. */
  answer(pixels: Tensor<"float32">, from: number): Promise<readonly Answer[]>;
}

/** A task for a model. */
export interface AnswerTask {
  readonly model: { readonly name: string; readonly path: string };
  readonly questions: readonly Question[];
  /** Candidate answers; absent for free text. */
  readonly candidates?: readonly string[];
  /** For CLIP: caption of each candidate. */
  readonly captions?: readonly string[];
  /** Longest free answer in tokens. */
  readonly maxTokens: number;
  readonly batch: number;
  readonly session: SessionOptions;
}

/** Opens a multimodal language model for a task: likelihood over candidates, or generation. */
export async function openLanguageAnswerer(task: AnswerTask): Promise<Answerer> {
  const directory = await openModelDirectory(task.model.path, { name: task.model.name });
  const text = await openTextEncoder(directory);
  const instructions = memoised(text, task.questions);
  const options = {
    directory,
    text,
    batch: Math.min(task.batch, task.questions.length),
    instructionLength: Math.max(...instructions.map(({ ids }) => ids.length)),
    qformerLength: Math.max(...instructions.map(({ qformerIds }) => qformerIds.length)),
    session: task.session,
  };
  const of = (pixels: Tensor, from: number) => instructions.slice(from, from + pixels.dims[0]!);
  const { preprocessor } = directory;
  if (task.candidates === undefined) {
    const generator = await openGenerator({ ...options, maxTokens: task.maxTokens });
    return {
      preprocessor,
      answer: async (pixels, from) => {
        const texts = await generator.generate(pixels, of(pixels, from));
        return texts.map((prediction) => ({ prediction }));
      },
      [Symbol.asyncDispose]: () => generator[Symbol.asyncDispose](),
    };
  }
  const scorer = await openScorer({ ...options, candidates: task.candidates });
  return {
    preprocessor,
    answer: async (pixels, from) =>
      (await scorer.score(pixels, of(pixels, from)))
        .map((scores) => ({ prediction: indexOfLargest(scores), scores })),
    [Symbol.asyncDispose]: () => scorer[Symbol.asyncDispose](),
  };
}

/** Questions repeat: each text is encoded once. */
function memoised(text: TextEncoder, questions: readonly Question[]) {
  const known = new Map<string, ReturnType<TextEncoder["instruction"]>>();
  return questions.map(({ instruction }) => {
    let ids = known.get(instruction);
    if (ids === undefined) known.set(instruction, ids = text.instruction(instruction));
    return ids;
  });
}

/**
 * Opens CLIP as a zero-shot classifier: cosine of picture and caption.
 *
 * @throws {DiagnosticError} If the model is incomplete, or is asked for free text.
 */
export async function openClipAnswerer(task: AnswerTask): Promise<Answerer> {
  if (task.candidates === undefined) {
    const message = `Cannot ask "${task.model.name}" for free text: it is a CLIP model, which ` +
      "compares a picture with texts that it is given";
    throw new DiagnosticError([{ code: "no-free-text", severity: "error", message }]);
  }
  const directory = await openClipDirectory(task.model.path, { name: task.model.name });
  const captions = task.captions ?? task.candidates ?? [];
  const texts = await embedTexts(directory, captions, task.session);
  const session = await openSession(await directory.readPart("vision_model"), task.session);
  const width = texts.dims[1]!;
  return {
    preprocessor: directory.preprocessor,
    answer: async (pixels) => {
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
export function indexOfLargest(values: readonly number[]): number {
  let best = 0;
  values.forEach((value, i) => {
    if (value > values[best]!) best = i;
  });
  return best;
}
