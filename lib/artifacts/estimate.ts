/**
 * The estimate artifact: predictions of a prompt's transfer, made before the target answers
 * anything.
 *
 * @module
 */
import { z } from "zod";
import { artifactForms } from "./artifact_forms.ts";
import { type Frozen, number, text, wholeFrom, wholeOrNull } from "./fields.ts";
import { readJsonArtifact, writeJsonArtifact } from "./json_artifact.ts";

const modelSchema = z.object({
  /** How the prompt moves the image features of the model. */
  features: z.object({
    /** Mean over rows and tokens of ‖f(prompted) − f(shrunk)‖₂. */
    norm: number,
    /** The same as a share of the mean of ‖f(shrunk)‖₂. */
    relative: number,
    /** Mean over rows of the cosine of the change and the mean change: 1 if all rows move alike. */
    consistency: number,
  }, { error: "a map of norm, relative and consistency" }),
  /** What the model's loss says of the prompt. */
  loss: z.object({
    /** Mean loss without the prompt, on the shrunk images. */
    before: number,
    /** ⟨∂loss/∂δ, δ⟩ there: what the loss would change by if it were linear. */
    predicted: number,
  }, { error: "a map of before and predicted" }),
}, { error: "a map of features and loss" });

const estimateSchema = z.object({
  task: text,
  method: text,
  seed: wholeOrNull,
  source: text,
  target: text,
  /** Mean over batches of the cosine of the two models' gradients without a prompt. */
  gradientCosineAtStart: number,
  /** The same at the trained prompt. */
  gradientCosineAtPrompt: number,
  rows: wholeFrom(1),
  models: z.object({ source: modelSchema, target: modelSchema }, {
    error: "a map of source and target",
  }),
}, { error: "a map" });

/** An estimate of the transfer of one prompt to one target. */
export type TransferEstimate = Frozen<z.output<typeof estimateSchema>>;

/** Reads an estimate. @throws {DiagnosticError} With the fields that are missing or wrong. */
export async function readEstimate(path: string): Promise<TransferEstimate> {
  return await readJsonArtifact(path, { ...artifactForms.estimate, schema: estimateSchema });
}

/** Writes an estimate. */
export async function writeEstimate(path: string, estimate: TransferEstimate): Promise<void> {
  await writeJsonArtifact(path, estimate);
}
