import { assert } from "@std/assert";
import { activationCases, moreActivationCases } from "./cases/activation.ts";
import { convolutionCases, moreConvolutionCases } from "./cases/convolution.ts";
import { elementwiseCases, moreElementwiseCases } from "./cases/elementwise.ts";
import { fusedCases, moreFusedCases } from "./cases/fused.ts";
import { imageCases, moreImageCases } from "./cases/image.ts";
import { indexingCases, moreIndexingCases } from "./cases/indexing.ts";
import { matmulCases, moreMatmulCases } from "./cases/matmul.ts";
import { moreMovementCases, movementCases } from "./cases/movement.ts";
import { moreNormalizationCases, normalizationCases } from "./cases/normalization.ts";
import { morePoolingCases, poolingCases } from "./cases/pooling.ts";
import { lossCases, moreLossCases, moreRecurrentCases, recurrentCases } from "./cases/recurrent.ts";
import { moreReduceCases, reduceCases } from "./cases/reduce.ts";
import { checkCase, type GradientCase } from "./gradient_case.ts";

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
  recurrent: [...Object.entries(recurrentCases), ...moreRecurrentCases],
  fused: [...Object.entries(fusedCases), ...moreFusedCases],
};

/** float32 differences are good to about this much. */
const tolerance = 4e-3;

/** Ops that ONNX Runtime has no kernel for; the golden cases do not hold them either. */
const withoutKernel = new Set(["Swish"]);

/** Families that are unrolled over a length that has to be known. */
const unrolled = new Set(["recurrent"]);

for (const [family, cases] of Object.entries(families)) {
  for (const symbolic of unrolled.has(family) ? [false] : [false, true]) {
    const shapes = symbolic ? "symbolic" : "known";
    Deno.test(`addGradients() agrees with differences for ${family} ops of ${shapes} shape`, async () => {
      const wrong: string[] = [];
      for (const [op, spec] of cases) {
        if (withoutKernel.has(op)) continue;
        const result = await checkCase(op, spec, symbolic).catch((error) => error as Error);
        if (result instanceof Error) wrong.push(`${op}: ${result.message}`);
        else if (!(result.error < tolerance)) wrong.push(`${op}: ${JSON.stringify(result)}`);
      }
      assert(wrong.length === 0, wrong.join("\n"));
    });
  }
}
