import { assert } from "@std/assert";
import { float64Ops } from "../../lib/autodiff/check/float64_ops.ts";
import { attentionCases } from "./cases/attention.ts";
import { activationCases, moreActivationCases } from "./cases/activation.ts";
import { contribCases, moreContribCases } from "./cases/contrib.ts";
import { convolutionCases, moreConvolutionCases } from "./cases/convolution.ts";
import { elementwiseCases, moreElementwiseCases } from "./cases/elementwise.ts";
import { fusedCases, moreFusedCases } from "./cases/fused.ts";
import { imageCases, moreImageCases } from "./cases/image.ts";
import { indexingCases, moreIndexingCases } from "./cases/indexing.ts";
import { matmulCases, moreMatmulCases } from "./cases/matmul.ts";
import { moreMovementCases, movementCases } from "./cases/movement.ts";
import { moreNormalizationCases, normalizationCases } from "./cases/normalization.ts";
import { morePoolingCases, poolingCases } from "./cases/pooling.ts";
import { lossCases, moreLossCases } from "./cases/recurrent.ts";
import { moreRecurrentCases, otherRecurrentCases, recurrentCases } from "./cases/recurrent.ts";
import { moreReduceCases, reduceCases } from "./cases/reduce.ts";
import { moreSignalCases, signalCases } from "./cases/signal.ts";
import { checkCase, checkSecondOrder, type GradientCase } from "./gradient_case.ts";

const families: Record<string, readonly [string, GradientCase][]> = {
  elementwise: [...Object.entries(elementwiseCases), ...moreElementwiseCases],
  activation: [...Object.entries(activationCases), ...moreActivationCases],
  matmul: [...Object.entries(matmulCases), ...moreMatmulCases],
  reduce: [...Object.entries(reduceCases), ...moreReduceCases],
  movement: [...Object.entries(movementCases), ...moreMovementCases],
  indexing: [...Object.entries(indexingCases), ...moreIndexingCases],
  normalization: [...Object.entries(normalizationCases), ...moreNormalizationCases],
  convolution: [...Object.entries(convolutionCases), ...moreConvolutionCases],
  pooling: [...Object.entries(poolingCases), ...morePoolingCases],
  image: [...Object.entries(imageCases), ...moreImageCases],
  loss: [...Object.entries(lossCases), ...moreLossCases],
  recurrent: [
    ...Object.entries(recurrentCases),
    ...moreRecurrentCases,
    ...otherRecurrentCases,
  ],
  attention: attentionCases,
  signal: [...Object.entries(signalCases), ...moreSignalCases],
  contrib: [...Object.entries(contribCases), ...moreContribCases],
  fused: [...Object.entries(fusedCases), ...moreFusedCases],
};

/** Ops that ONNX Runtime has no kernel for on the processor: what they are rewritten into is checked. */
const withoutKernel = new Set([
  ...["BiasAdd", "BiasDropout", "BiasSplitGelu", "GemmFastGelu", "GemmaRotaryEmbedding"],
  ...["GatedRelativePositionBias", "GroupNorm", "SkipGroupNorm", "FusedMatMulActivation"],
  ...["Range", "TorchEmbedding"],
].map((op) => `com.microsoft.${op}`));

/** Ops that give other values each time they run, or that no kernel computes. */
const withoutCheck = new Set(["RandomNormalLike", "RandomUniformLike", "Swish"]);

/** Whether all is computed in float64; the gradient of Det asks for an op that has no such kernel. */
function isExact(op: string): boolean {
  return float64Ops.has(op) && op !== "Det";
}

/** Why nothing is said of an input without elements: that it runs is what such cases ask. */
const ofNothing = "it has no elements to vary";

/** Families of which some are unrolled over a length that has to be known. */
const sized = new Set(["recurrent"]);

/** Ops whose own shape inference, or whose decomposition, asks for known sizes. */
const sizedOps = new Set([
  ...["EmbedLayerNormalization", "UnfoldTensor", "TorchEmbedding", "LinearAttention"],
  "CausalConvWithState",
].map((op) => `com.microsoft.${op}`));

for (const [family, cases] of Object.entries(families)) {
  for (const symbolic of sized.has(family) ? [false] : [false, true]) {
    const shapes = symbolic ? "symbolic" : "known";
    Deno.test(`addGradients() agrees with differences for ${family} ops of ${shapes} shape`, async () => {
      const wrong: string[] = [];
      for (const [op, spec] of cases) {
        if (withoutCheck.has(op) || symbolic && sizedOps.has(op)) continue;
        const options = { symbolic, rewritten: withoutKernel.has(op) };
        const result = await checkCase(op, spec, options).catch((error) => error as Error);
        if (result instanceof Error) wrong.push(`${op}: ${result.message}`);
        else if (result.verdict !== "ok" && result.reason !== ofNothing) {
          wrong.push(`${op}: ${JSON.stringify(result)}`);
        } else if (isExact(op) && result.precision !== "float64") {
          wrong.push(`${op}: computed in ${result.precision}`);
        }
      }
      assert(wrong.length === 0, wrong.join("\n"));
    });
  }
}

/** Ops that do not vary, or whose gradient does not. */
const withoutSecond = new Set([
  ...["Bernoulli", "RandomNormalLike", "RandomUniformLike", "EyeLike", "Swish"],
]);

const firstOfEach: Record<string, Record<string, GradientCase>> = {
  elementwise: elementwiseCases,
  activation: activationCases,
  matmul: matmulCases,
  reduce: reduceCases,
  movement: movementCases,
  indexing: indexingCases,
  normalization: normalizationCases,
  convolution: convolutionCases,
  pooling: poolingCases,
  image: imageCases,
  loss: lossCases,
  signal: signalCases,
  fused: fusedCases,
};

for (const [family, cases] of Object.entries(firstOfEach)) {
  Deno.test(`addGradients() differentiates its own output for ${family} ops`, async () => {
    const wrong: string[] = [];
    for (const [op, spec] of Object.entries(cases)) {
      if (withoutSecond.has(op) || withoutKernel.has(op)) continue;
      const result = await checkSecondOrder(op, spec).catch((error) => error as Error);
      if (result instanceof Error) wrong.push(`${op}: ${result.message}`);
      else if (result.verdict !== "ok") wrong.push(`${op}: ${JSON.stringify(result)}`);
    }
    assert(wrong.length === 0, wrong.join("\n"));
  });
}
