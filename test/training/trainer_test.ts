import { assert, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import {
  initialParameters,
  parameterPlaces,
  parameterRates,
} from "../../lib/prompts/prompt_parameters.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";
import { zeros } from "../../lib/tensor/tensor.ts";
import { buildProcessor } from "../../lib/vision/build_processor.ts";
import { buildStepGraph } from "../../lib/training/step_graph.ts";
import { optimizers } from "../../lib/training/optimizer.ts";
import { train } from "../../lib/training/trainer.ts";

const sizes = { canvas: 8, image: 4 };

/** A model whose loss is the mean of (largest value of a cell − 1)², by an operator without a gradient rule. */
function refusedModel(): Model {
  const builder = new GraphBuilder({ opset: 18 });
  const pixels = builder.input("pixel_values", "float32", ["batch", 3, 8, 8]);
  const regions = builder.constant(fromNumbers("float32", [1, 5], [0, 0, 0, 7, 7]));
  const pooled = builder.op("MaxRoiPool", [pixels, regions], { pooled_shape: [8, 8] });
  const distance = builder.op("Sub", [pooled, builder.scalar(1)]);
  const square = builder.op("Mul", [distance, distance]);
  builder.output(builder.op("ReduceMean", [square], { keepdims: 0 }), "loss");
  const tokens = builder.op("Reshape", [pixels, builder.int64s([0, 3, 64])]);
  builder.output(tokens, "image_features");
  return builder.finish();
}

const parts = {
  canvas: 8,
  sources: [{ model: refusedModel(), processor: buildProcessor({}, 8) }],
  weights: { lm: 1 },
  prompt: { kind: "frame", image: 4 },
} as const;

Deno.test("SPSA trains a prompt on a model that autodiff refuses", async () => {
  assertThrows(() => buildStepGraph(parts), DiagnosticError, "MaxRoiPool");
  const graph = buildStepGraph({ ...parts, gradient: "none" });
  const { curve, values } = await train({
    graph,
    places: parameterPlaces("frame", sizes),
    rates: parameterRates("frame", sizes, 1),
    initial: initialParameters("frame", sizes),
    rule: optimizers.spsa,
    spsa: { samples: 4, radius: 0.05, seed: 0 },
    steps: 100,
    lr: () => 1,
    feeds: () => ({ images: zeros("float32", [1, 3, 8, 8]) }),
  });
  const last = curve.at(-1)!.loss;
  assert(curve[0]!.loss > 0.8 && last < 0.6 * curve[0]!.loss, `${curve[0]!.loss} to ${last}`);
  // The image's place is not moved, and it is not perturbed either.
  assert([27, 28, 35, 36].every((i) => values[i] === 0));
});
