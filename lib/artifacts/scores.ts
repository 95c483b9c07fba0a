/** The scores artifact: what one model answered, row by row, under one prompt. @module */
import { z } from "zod";
import { artifactForms } from "./artifact_forms.ts";
import { amount, type Frozen, share, text, texts, wholeOrNull, yesOrNo } from "./fields.ts";
import { readJsonArtifact, writeJsonArtifact } from "./json_artifact.ts";

const textOrNumber = z.union([z.number(), z.string()], { error: "a number or text" });
const settings = z.record(z.string(), textOrNumber, { error: "a map of numbers and texts" });

const rowSchema = z.object({
  id: text,
  /** Of the image, the instruction and the answer: rows of equal digests are the same question. */
  digest: text,
  /** Rows of one drawing or source photo share it. */
  cluster: text,
  /** Art style, where the data set knows it. */
  style: text.exactOptional(),
  /** Index into `classes`, or free text. */
  answer: textOrNumber,
  prediction: textOrNumber,
  /** Score of each candidate, for classification. */
  scores: z.array(z.number({ error: "a number" }), { error: "a list of numbers" }).exactOptional(),
  hit: yesOrNo,
  /** What VQA's official evaluation gives for it, where several people answered. */
  credit: share.exactOptional(),
}, { error: "a map" });

const scoresSchema = z.object({
  task: text,
  model: text,
  modelDigest: text,
  role: z.enum(["source", "unseen", "clip"], { error: "source, unseen or clip" }),
  /** Names of the models the prompt was trained on; empty for baselines. */
  sources: texts,
  /** `none`, `shrunk`, `plain`, `noise`, or the name of the loss variant. */
  method: text,
  seed: wholeOrNull,
  treatment: settings,
  /** Size of δ where it may differ from 0, in pixel values of [0, 1]; 0 without one. */
  delta: z.object({ rms: amount, peak: amount }, { error: "a map of rms and peak" }),
  /** Absent: the experiment has one setting. Baselines without a setting are compared with every setting. */
  setting: settings.exactOptional(),
  /** Digest of the first weights of the vision encoder; models that share the encoder share it. */
  stem: text.exactOptional(),
  metric: text,
  classes: texts.exactOptional(),
  /** Share of hits in [0, 1]. */
  mean: share,
  rows: z.array(rowSchema, { error: "a list of rows" })
    .min(1, { error: "a list of at least one row" }),
}, { error: "a map" }).superRefine(({ classes, mean, rows }, { addIssue }) => {
  const hits = rows.filter(({ hit }) => hit).length / rows.length;
  if (Math.abs(hits - mean) >= 1e-6) {
    const message = `${hits}, the share of the rows that are hits`;
    addIssue({ code: "custom", message, path: ["mean"] });
  }
  const wrong = rows.findIndex(({ scores }) =>
    scores !== undefined && scores.length !== classes?.length
  );
  if (wrong >= 0) {
    const message = `a list of ${classes?.length ?? 0}, one for each of classes`;
    addIssue({ code: "custom", message, path: ["rows", wrong, "scores"] });
  }
});

/** Scores of one model with one prompt on one split. */
export type Scores = Frozen<z.output<typeof scoresSchema>>;

/** One answered row. */
export type ScoredRow = Scores["rows"][number];

/** A model's place in an experiment: trained on, not trained on, or CLIP as a yardstick. */
export type Role = Scores["role"];

/** What sets a run apart from others of the same method: shots, a corruption, a frame width. */
export type Setting = NonNullable<Scores["setting"]>;

/** Settings of what was done to the images: canvas, lr, steps, …; runs that differ never mix. */
export type Treatment = Scores["treatment"];

/** Reads scores. @throws {DiagnosticError} With the fields that are missing or wrong. */
export async function readScores(path: string): Promise<Scores> {
  return await readJsonArtifact(path, { ...artifactForms.scores, schema: scoresSchema });
}

/** Writes scores. */
export async function writeScores(path: string, scores: Scores): Promise<void> {
  await writeJsonArtifact(path, scores);
}

/** What scores come to: `50.0 % right of 32 images`. */
export function scoresText(rows: Scores["rows"]): string {
  const hits = rows.filter(({ hit }) => hit).length;
  const credits = rows.flatMap(({ credit }) => credit ?? []);
  const mean = credits.reduce((sum, credit) => sum + credit, 0) / credits.length;
  const vqa = credits.length === 0 ? "" : ` (VQA accuracy ${percent(mean)})`;
  const noun = rows.length === 1 ? "image" : "images";
  return `${percent(hits / rows.length)} right of ${rows.length} ${noun}${vqa}`;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
