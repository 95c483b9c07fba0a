/** Evaluates one model on one split under one prompt: answers, hits, scores. @module */
import { type NamedModel, readModelType } from "../models/directory.ts";
import { type ImageCanvas, shownImage } from "../models/prompted_images.ts";
import type { SessionOptions } from "../runtime/session.ts";
import type { Images, RgbImage } from "../vision/images.ts";
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
import { rowDigest } from "./row_digest.ts";
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
  const prepared = new ReadAhead(
    (index) => prepareBatch(evaluation, index, answerer),
    { end: batches, window: 2 },
  );
  for (let index = 0; index < batches; index++) {
    evaluation.signal?.throwIfAborted();
    const { images, places } = await prepared.get(index);
    const from = index * evaluation.batch;
    const answers = await answerer.answer(images, from);
    for (const [i, answer] of answers.entries()) {
      rows.push({ ...places[i]!, ...judge(evaluation, from + i, answer, candidates) });
    }
    evaluation.onProgress?.(rows.length, data.rows.length, accuracyOf(rows));
  }
  return {
    rows,
    mean: accuracyOf(rows),
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

/** Images of a batch as the model reads them, and what its rows are. */
interface Prepared {
  readonly images: readonly ReadImage[];
  readonly places: readonly Pick<ScoredRow, "id" | "digest" | "cluster" | "style">[];
}

/** One image after the other: only what the model reads is kept. */
async function prepareBatch(
  { data, batch, canvas }: Evaluation,
  index: number,
  answerer: Answerer,
): Promise<Prepared> {
  const { images, rows } = data;
  const options = { fit: images.fit, ...(canvas === undefined ? {} : { canvas }) };
  const read: ReadImage[] = [];
  const places: Prepared["places"][number][] = [];
  for (let row = index * batch; row < Math.min(rows.length, (index + 1) * batch); row++) {
    const image = await images.read(row);
    read.push(answerer.read(shownImage(image, options)));
    places.push(await placeOf(rows[row]!, image));
  }
  return { images: read, places };
}

/** The facts of a row that do not depend on the answer. */
async function placeOf(
  { id, cluster, style, instruction, answer }: EvaluationSet["rows"][number],
  { data: pixels, height, width }: RgbImage,
) {
  const digest = await rowDigest({ pixels, height, width, instruction, answer });
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
