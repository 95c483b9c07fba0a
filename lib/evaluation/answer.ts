/** Asks a model every row of a data set. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import {
  directoryOptions,
  type LanguageModelDirectory,
  type NamedModel,
  openClipDirectory,
  openModelDirectory,
} from "../models/directory.ts";
import { embedTexts, unitRows } from "../models/clip_text.ts";
import { openPictureReader, type PictureLayout } from "../models/picture_layout.ts";
import { type PictureTensor, stackPixels } from "../models/prompted_pictures.ts";
import { openTextEncoder, type PromptEncoder } from "../models/prompt_text.ts";
import { openSession, type SessionOptions } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { preprocess, runPlan } from "../vision/preprocess.ts";
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

/** A picture as a model reads it. */
export interface ReadPicture {
  /** `[1, …]` */
  readonly pixels: Tensor<"float32">;
  /** Equal for pictures that may go through the model side by side. */
  readonly layout: string;
}

/** Answers questions about pictures, a batch at a time. */
export interface Answerer extends AsyncDisposable {
  /** A picture through the model's own image processor. */
  read(picture: PictureTensor): ReadPicture;
  /** Answers the questions of rows `from` to `from + pictures.length`. */
  answer(pictures: readonly ReadPicture[], from: number): Promise<readonly Answer[]>;
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
  readonly batch: number;
  readonly session: SessionOptions;
}

/** Opens a multimodal language model for a task: likelihood over candidates, or generation. */
export async function openLanguageAnswerer(task: AnswerTask): Promise<Answerer> {
  const directory = await openModelDirectory(task.model.path, directoryOptions(task.model));
  for (const warning of directory.warnings) task.session.log?.(`warning: ${warning}`);
  const reader = await openPictureReader(directory);
  const opened = new Map<string, LayoutAnswerer>();
  const open = async (layout: PictureLayout): Promise<LayoutAnswerer> => {
    const known = opened.get(layout.key);
    if (known !== undefined) return known;
    // Every layout has graphs of its own: those of the picture shape that came first go first.
    const [oldest] = opened.size < maxLayouts ? [] : opened;
    if (oldest !== undefined) {
      opened.delete(oldest[0]);
      await oldest[1][Symbol.asyncDispose]();
    }
    const answerer = await openForLayout(directory, task, layout);
    opened.set(layout.key, answerer);
    return answerer;
  };
  const layouts = new Map<string, PictureLayout>();
  return {
    read: (picture) => {
      const [, , height = 0, width = 0] = picture.dims;
      const layout = reader.lay({ height, width });
      layouts.set(layout.key, layout);
      return { pixels: runPlan(picture, layout.plan), layout: layout.key };
    },
    answer: async (pictures, from) => {
      const answers: Answer[] = [];
      for (const [key, rows] of Map.groupBy(pictures.keys(), (row) => pictures[row]!.layout)) {
        const answerer = await open(layouts.get(key)!);
        const pixels = stackPixels(rows.map((row) => pictures[row]!.pixels));
        const found = await answerer.answer(pixels, rows.map((row) => from + row));
        rows.forEach((row, i) => answers[row] = found[i]!);
      }
      return answers;
    },
    [Symbol.asyncDispose]: async () => {
      for (const answerer of opened.values()) await answerer[Symbol.asyncDispose]();
    },
  };
}

/** Layouts whose graphs are kept open; most models read all pictures in one. */
const maxLayouts = 4;

/** Answers questions about pictures of one layout. */
interface LayoutAnswerer extends AsyncDisposable {
  answer(pixels: Tensor<"float32">, rows: readonly number[]): Promise<readonly Answer[]>;
}

async function openForLayout(
  directory: LanguageModelDirectory,
  task: AnswerTask,
  picture: PictureLayout,
): Promise<LayoutAnswerer> {
  const text = await openTextEncoder(directory, picture);
  const instructions = memoised(text, task.questions);
  const options = {
    directory,
    text,
    picture,
    batch: Math.min(task.batch, task.questions.length),
    instructionLength: Math.max(...instructions.map(({ ids }) => ids.length)),
    qformerLength: Math.max(...instructions.map(({ qformerIds }) => qformerIds.length)),
    session: task.session,
  };
  const of = (rows: readonly number[]) => rows.map((row) => instructions[row]!);
  if (task.candidates === undefined) {
    const generator = await openGenerator({ ...options, maxTokens: task.maxTokens });
    return {
      answer: async (pixels, rows) => {
        const texts = await generator.generate(pixels, of(rows));
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

/** Questions repeat: each text is encoded once. */
function memoised(text: PromptEncoder, questions: readonly Question[]) {
  const known = new Map<string, ReturnType<PromptEncoder["instruction"]>>();
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
      "only compares a picture with given texts";
    throw new DiagnosticError([{ code: "no-free-text", severity: "error", message }]);
  }
  const directory = await openClipDirectory(task.model.path, directoryOptions(task.model));
  const captions = task.captions ?? task.candidates ?? [];
  const texts = await embedTexts(directory, captions, task.session);
  const session = await openSession(await directory.readPart("vision_model"), task.session);
  const width = texts.dims[1]!;
  return {
    read: (picture) => ({ pixels: preprocess(picture, directory.preprocessor), layout: "" }),
    answer: async (pictures) => {
      const pixels = stackPixels(pictures.map((picture) => picture.pixels));
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
