/** The curve artifact: how the loss of a training went, step by step. @module */
import { z } from "zod";
import { artifactForms } from "./artifact_forms.ts";
import { amount, type Frozen, number, numberByName, text, whole, wholeFrom } from "./fields.ts";
import { readJsonArtifact, writeJsonArtifact } from "./json_artifact.ts";

/** Points of a curve, which the saved state of a training holds too. */
export const pointsSchema = z.array(
  z.object({
    /** From 1. */
    step: wholeFrom(1),
    lr: number,
    loss: number,
    /** Summands of the loss, and what else is worth a look. */
    terms: numberByName,
  }, { error: "a map of step, lr, loss and terms" }),
  { error: "a list of points" },
);

const curveSchema = z.object({
  method: text,
  /** The models it was trained on, `a + b`. */
  source: text,
  seed: whole,
  /** Floating-point operations of a step. */
  flopsPerStep: amount.exactOptional(),
  points: pointsSchema.min(1, { error: "a list of at least one point" }),
}, { error: "a map" });

/** The curve of one training. */
export type Curve = Frozen<z.output<typeof curveSchema>>;

/** One point of a curve. */
export type CurvePoint = Curve["points"][number];

/** Reads a curve. @throws {DiagnosticError} With the fields that are missing or wrong. */
export async function readCurve(path: string): Promise<Curve> {
  return await readJsonArtifact(path, { ...artifactForms.curve, schema: curveSchema });
}

/** Writes a curve. */
export async function writeCurve(path: string, curve: Curve): Promise<void> {
  await writeJsonArtifact(path, curve);
}
