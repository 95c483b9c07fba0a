/** The cost artifact: what a training step costs on a machine. @module */
import { z } from "zod";
import { artifactForms } from "./artifact_forms.ts";
import { amount, type Frozen, text, wholeFrom } from "./fields.ts";
import { readJsonArtifact, writeJsonArtifact } from "./json_artifact.ts";

const costSchema = z.object({
  method: text,
  /** The models it was trained on, `a + b`. */
  source: text,
  /** Rows of a step. */
  batch: wholeFrom(1),
  /** Floating-point operations of a step. */
  flops: amount,
  /** Nodes whose operations are not in `flops`. */
  uncounted: wholeFrom(0).exactOptional(),
  /** Median time of a step. */
  ms: amount,
  threads: wholeFrom(1),
  /** The device: `cpu`, `cuda`, `webgpu`. */
  provider: text,
  /** Highest resident memory above that at the start. */
  peakBytes: amount,
}, { error: "a map" });

/** What a training step costs. */
export type Cost = Frozen<z.output<typeof costSchema>>;

/** Reads a cost. @throws {DiagnosticError} With the fields that are missing or wrong. */
export async function readCost(path: string): Promise<Cost> {
  return await readJsonArtifact(path, { ...artifactForms.cost, schema: costSchema });
}

/** Writes a cost. */
export async function writeCost(path: string, cost: Cost): Promise<void> {
  await writeJsonArtifact(path, cost);
}
