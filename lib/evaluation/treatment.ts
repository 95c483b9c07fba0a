/**
 * The treatments of images before a model answers: nothing, a baseline, or a trained prompt.
 *
 * @module
 */
import type { ImageCanvas } from "../models/prompted_images.ts";
import { noiseFrame, plainFrame, promptPeak, promptRms } from "../prompts/frames.ts";
import { kindOfPrompt, type Prompt } from "../artifacts/prompt.ts";
import { appliedPrompt } from "./applied_prompt.ts";
import { type AnyPromptKind, imageSideOf, promptKind } from "../prompts/prompt_table.ts";
import type { Baseline } from "./baselines.ts";
import { reportMistake } from "./pairing.ts";
import type { Scores } from "../artifacts/scores.ts";

/** What a stage says of a treatment. */
export interface TreatmentOptions {
  readonly prompt: Baseline | Prompt;
  /** Prompts whose sizes and strength a baseline takes. */
  readonly like: readonly Prompt[];
  /** Sizes of a baseline that is like no prompt. */
  readonly canvas: number;
  readonly image: number;
  /** Strength of `plain` and `noise`; default that of `like`. */
  readonly rms?: number;
  /** Chooses the noise; default the seed of the one prompt that it is like, or 0. */
  readonly seed?: number;
}

/** A treatment: the image it makes, and what the scores say of it. */
export interface Treated extends Pick<Scores, "method" | "seed" | "treatment" | "delta"> {
  readonly sources: Prompt["meta"]["sources"];
  /** Absent: the model's own processor on the full image. */
  readonly canvas?: ImageCanvas;
}

/** Strength of a frame that is like no prompt: root of the mean square, in pixel values of [0, 1]. */
const defaultRms = 0.25;

const noDelta = { rms: 0, peak: 0 };

/**
 * Prepares a treatment.
 *
 * @throws {DiagnosticError} If a baseline should match prompts of different sizes.
 */
export function treat(options: TreatmentOptions): Treated {
  const { prompt } = options;
  if (prompt === "none") {
    return { method: prompt, seed: null, sources: [], treatment: {}, delta: noDelta };
  }
  if (typeof prompt === "object") return treatByPrompt(prompt);
  const { canvas, image, kind } = sizesOf(options);
  if (prompt !== "shrunk") return treatByFrame(prompt, { canvas, image, kind }, options);
  const sizes = { canvas, image };
  return {
    ...{ method: prompt, seed: null, sources: [], delta: noDelta },
    treatment: sizes,
    canvas: sizes,
  };
}

function treatByPrompt(prompt: Prompt): Treated {
  const { meta, delta } = prompt;
  const { method, seed, sources, loss, task, ...rest } = meta;
  const settings = Object.entries({
    ...rest,
    loss: Object.entries(loss).map(([term, weight]) => `${weight} ${term}`).join(" + "),
    "trained on": task,
  }).filter((entry): entry is [string, string | number] =>
    ["string", "number"].includes(typeof entry[1])
  );
  return {
    ...{ method, seed, sources },
    treatment: Object.fromEntries(settings),
    delta: { rms: rmsOf(prompt), peak: promptPeak(delta.data) },
    canvas: appliedPrompt(prompt),
  };
}

/** Root of the mean square of a prompt's δ. */
const rmsOf = (prompt: Prompt) =>
  promptRms({ ...prompt.meta, kind: kindOfPrompt(prompt), delta: prompt.delta.data });

interface Sizes {
  readonly canvas: number;
  readonly image: number;
  readonly kind: AnyPromptKind;
}

function sizesOf({ like, canvas, image }: TreatmentOptions): Sizes {
  const [first] = like;
  if (first === undefined) return { canvas, image, kind: "frame" };
  const texts = new Set(like.map(({ meta }) => `${meta.kind} ${meta.image} in ${meta.canvas}`));
  if (texts.size > 1) {
    throw reportMistake(
      "different-sizes",
      `Cannot make a baseline like ${like.length} prompts: their sizes differ (${
        [...texts].join(", ")
      })`,
      "Name prompts of one kind and size in like:",
    );
  }
  return { canvas: first.meta.canvas, image: first.meta.image, kind: kindOfPrompt(first) };
}

/** A frame as strong as the prompts it is like, of one colour or of noise. */
function treatByFrame(method: "plain" | "noise", sizes: Sizes, options: TreatmentOptions): Treated {
  const { like } = options;
  const rms = options.rms ?? (like.length > 0 ? meanRms(like) : defaultRms);
  const seed = options.seed ?? (like.length === 1 ? like[0]!.meta.seed : null);
  const values = method === "noise"
    ? noiseFrame(sizes, { rms, seed: seed ?? 0 })
    : plainFrame(sizes, { rms });
  // A kind that moves the image begins with it shrunk, and so does its frame.
  const moves = promptKind(sizes.kind).transformation !== undefined;
  const image = moves ? sizes.image : imageSideOf(sizes.kind, sizes);
  const names = [...new Set(like.map(({ meta }) => meta.method))].join(" + ");
  const kind = like[0]?.meta.kind ?? "frame";
  return {
    method,
    seed: method === "noise" ? seed ?? 0 : seed,
    sources: commonSources(like),
    treatment: {
      ...sizes,
      kind,
      ...(options.rms === undefined && names ? { like: names } : { rms }),
    },
    delta: { rms: promptRms({ ...sizes, delta: values }), peak: promptPeak(values) },
    canvas: { canvas: sizes.canvas, image, delta: values },
  };
}

function meanRms(like: readonly Prompt[]): number {
  return Math.sqrt(like.reduce((sum, prompt) => sum + rmsOf(prompt) ** 2, 0) / like.length);
}

/** The sources that all prompts have; a frame like prompts of several is a baseline of all. */
function commonSources(like: readonly Prompt[]): Prompt["meta"]["sources"] {
  const names = new Set(like.map(({ meta }) => meta.sources.map((s) => s.name).join(" + ")));
  return names.size === 1 ? like[0]!.meta.sources : [];
}
