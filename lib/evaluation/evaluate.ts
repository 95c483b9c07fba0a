/** Evaluates one model on one split under one prompt: answers, hits, scores. @module */
import { type NamedModel, readModelType } from "../models/directory.ts";
import { type ImageFeed, openFeed } from "../data/image_feed.ts";
import { type ImageCanvas, withPrompt } from "../models/prompted_images.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { tensor } from "../tensor/tensor.ts";
import type { Images } from "../vision/images.ts";
import { runPlan } from "../vision/preprocess.ts";
import { ReadAhead } from "../vision/read_ahead.ts";
import {
  type Answer,
  type Answerer,
  type AnswerTask,
  openClipAnswerer,
  openLanguageAnswerer,
  type ReadImage,
} from "./answer.ts";
import { answerMatches, type Match } from "./match.ts";
import { openShownMaker, type ShownItem, type ShownOptions, type ShownRow } from "./shown_rows.ts";
import { vqaCredit } from "./vqa_answer.ts";
import type { ScoredRow } from "../artifacts/scores.ts";

/** The rows to answer, with their images. */
export interface EvaluationSet {
  readonly images: Images;
  readonly rows: readonly {
    readonly id: string;
    readonly cluster: string;
    /** Art style, where there are several. */
    readonly style?: string;
    readonly instruction: string;
    readonly answer: string;
    readonly label?: number;
    /** The classes among which this row's answer is, if they are not all classes. */
    readonly candidates?: readonly string[];
    /** All answers that people gave, if there are several. */
    readonly answers?: readonly string[];
  }[];
  readonly info: {
    readonly name: string;
    readonly kind: "classification" | "generation" | "yes-no";
    readonly classes?: readonly string[];
    readonly caption?: string;
  };
}

/** An evaluation. */
export interface Evaluation {
  readonly model: NamedModel;
  readonly data: EvaluationSet;
  /** Absent: the model's own processor on the full image. */
  readonly canvas?: ImageCanvas;
  readonly match: Match;
  readonly maxTokens: number;
  readonly generation?: AnswerTask["generation"];
  readonly batch: number;
  readonly session: SessionOptions;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number, accuracy: number) => void;
}

/** Answered rows of a model. */
export interface Evaluated {
  readonly rows: readonly ScoredRow[];
  readonly classes?: readonly string[];
  /** Share of hits in [0, 1]. */
  readonly mean: number;
  /** How long it waited for images, in ms. */
  readonly waitedMs: number;
  /** Whether the model is CLIP, a yardstick and no multimodal language model. */
  readonly isClip: boolean;
}

/** CLIP's caption of a class (arXiv 2404.11207, section 3.3). */
const defaultCaption = "this is a photo of a {class}";

/**
 * Evaluates a model: likelihood over the classes (or over yes and no), or free generation.
 *
 * @throws {DiagnosticError} If the model is incomplete, or cannot do the task.
 */
export async function evaluateModel(evaluation: Evaluation): Promise<Evaluated> {
  const { model, data } = evaluation;
  const isClip = await readModelType(model.path, model.name) === "clip";
  const candidates = candidatesOf(data);
  const task: AnswerTask = {
    model,
    questions: data.rows,
    maxTokens: evaluation.maxTokens,
    generation: evaluation.generation,
    batch: evaluation.batch,
    session: evaluation.session,
    ...(candidates === undefined ? {} : { candidates, captions: captionsOf(data, candidates) }),
  };
  await using answerer = isClip ? await openClipAnswerer(task) : await openLanguageAnswerer(task);
  const rows: ScoredRow[] = [];
  const batches = Math.ceil(data.rows.length / evaluation.batch);
  await using feed = feedOf(evaluation, answerer);
  const prepared = new ReadAhead(
    (index) => feed.of(itemsOf(evaluation, index)),
    { end: batches, window: 2 },
  );
  for (let index = 0; index < batches; index++) {
    evaluation.signal?.throwIfAborted();
    const shown = await prepared.get(index);
    const from = index * evaluation.batch;
    const images = shown.map((row) => readImage(row, evaluation.canvas, answerer));
    const answers = await answerer.answer(images, from);
    for (const [i, answer] of answers.entries()) {
      const place = placeOf(data.rows[from + i]!, shown[i]!);
      rows.push({ ...place, ...judge(evaluation, from + i, answer, candidates) });
    }
    evaluation.onProgress?.(rows.length, data.rows.length, accuracyOf(rows));
  }
  return {
    rows,
    mean: accuracyOf(rows),
    waitedMs: prepared.waitedMs,
    isClip,
    ...(candidates === undefined ? {} : { classes: candidates }),
  };
}

function candidatesOf({ info }: EvaluationSet): readonly string[] | undefined {
  if (info.kind === "generation") return undefined;
  if (info.classes !== undefined) return info.classes;
  if (info.kind === "yes-no") return ["yes", "no"];
  throw new TypeError(`Cannot evaluate data set "${info.name}": it has no classes`);
}

function captionsOf({ info }: EvaluationSet, candidates: readonly string[]): readonly string[] {
  const caption = info.caption ?? defaultCaption;
  return candidates.map((name) => caption.replace("{class}", name));
}

/** What makes the rows of batches ready. */
function feedOf(
  { data, canvas }: Evaluation,
  { processor }: Answerer,
): ImageFeed<ShownItem, ShownRow> {
  const place = canvas && { canvas: canvas.canvas, image: canvas.image };
  const options: ShownOptions = { processor, ...(place === undefined ? {} : { place }) };
  const worker = new URL("./shown_worker.ts", import.meta.url);
  return openFeed({ images: data.images, options, open: openShownMaker, worker });
}

/** The rows of a batch. */
function itemsOf({ data: { rows }, batch }: Evaluation, index: number): ShownItem[] {
  const from = index * batch;
  return rows.slice(from, from + batch)
    .map(({ instruction, answer }, i) => ({ row: from + i, instruction, answer }));
}

/** An image as the model reads it, with its prompt. */
function readImage(
  { image, size }: ShownRow,
  canvas: ImageCanvas | undefined,
  answerer: Answerer,
): ReadImage {
  const { plan, layout } = answerer.lay(size);
  if (canvas === undefined) return { pixels: image, layout };
  const prompted = tensor("float32", image.dims, withPrompt(image.data, canvas));
  return { pixels: runPlan(prompted, plan), layout };
}

/** The facts of a row that do not depend on the answer. */
function placeOf(
  { id, cluster, style }: EvaluationSet["rows"][number],
  { digest }: ShownRow,
): Pick<ScoredRow, "id" | "digest" | "cluster" | "style"> {
  return { id, digest, cluster, ...(style === undefined ? {} : { style }) };
}

/** What was answered, and whether it is right. */
function judge(
  { data, match }: Evaluation,
  index: number,
  answer: Answer,
  candidates: readonly string[] | undefined,
): Pick<ScoredRow, "answer" | "prediction" | "scores" | "hit" | "credit"> {
  const row = data.rows[index]!;
  if (typeof answer.prediction === "string") {
    const { prediction } = answer;
    const hit = (row.answers ?? [row.answer]).some((truth) =>
      answerMatches(prediction, truth, match)
    );
    const credit = vqaCredit(prediction, row.answers ?? []);
    return { answer: row.answer, prediction, hit, ...(credit === undefined ? {} : { credit }) };
  }
  const truth = row.label ?? candidates!.indexOf(row.answer);
  const scores = "scores" in answer ? answer.scores.map((score) => Math.fround(score)) : [];
  const prediction = row.candidates === undefined || !("scores" in answer)
    ? answer.prediction
    : bestOf(row.candidates, answer.scores, candidates!);
  return { answer: truth, prediction, scores, hit: prediction === truth };
}

/** The best of a row's own candidates; the first of equal ones. */
function bestOf(
  own: readonly string[],
  scores: readonly number[],
  candidates: readonly string[],
): number {
  const places = own.map((name) => candidates.indexOf(name)).filter((place) => place >= 0);
  return places.reduce((best, place) => scores[place]! > scores[best]! ? place : best, places[0]!);
}

function accuracyOf(rows: readonly ScoredRow[]): number {
  return rows.filter((row) => row.hit).length / Math.max(1, rows.length);
}
