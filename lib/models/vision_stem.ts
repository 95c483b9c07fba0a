/** Identifies vision encoders by the first weights that an image meets. @module */
import { createHash } from "node:crypto";
import type { Model } from "../onnx/ir/model.ts";
import { tensorFromWeight } from "../onnx/ir/weight.ts";
import { readRange } from "../runtime/weight_files.ts";
import { tensorBytes } from "../tensor/bytes.ts";

/** Ops that mix pixels by weights; others scale or shift them, as processors do. */
const mixing: ReadonlySet<string> = new Set(["Conv", "FusedConv", "Gemm", "FusedMatMul", "MatMul"]);

/**
 * Digest of the weights of the patch embedding (the first convolution or product on the way from
 * `pixel_values`). Models that share a frozen vision encoder have the same one.
 *
 * @returns sha256 in hex, or undefined where no weight meets the pixels
 *
 * @example
 * ```ts
 * import { openModelDirectory } from "./directory.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await openModelDirectory("zoo/mini-blip2");
 * const stem = visionStem(await directory.readPart("vision_encoder"));
 * assertEquals(stem?.length, 64);
 * ```
 */
export function visionStem(model: Model): string | undefined {
  const reached = new Set(["pixel_values"]);
  const { initializers, nodes } = model.graph;
  const casts = new Map(
    nodes.filter(({ opType }) => opType === "Cast").map((node) => [node.outputs[0]!, node]),
  );
  // Weights of 16 bits may be cast on their way.
  const weightOf = (name: string) => initializers.get(casts.get(name)?.inputs[0] ?? name);
  for (const node of nodes) {
    if (!node.inputs.some((name) => reached.has(name))) continue;
    for (const name of mixing.has(node.opType) ? node.inputs : []) {
      const weight = weightOf(name);
      if (weight === undefined) continue;
      const bytes = tensorBytes(tensorFromWeight(weight, readRange));
      return createHash("sha256").update(bytes).digest("hex");
    }
    for (const name of node.outputs) reached.add(name);
  }
  return undefined;
}
