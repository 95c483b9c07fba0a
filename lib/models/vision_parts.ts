/**
 * Puts the vision encoder into a composed graph, where images are cut up or pass one by one.
 *
 * @module
 */
import { GraphBuilder } from "../onnx/build/builder.ts";
import type { Part } from "../onnx/passes/compose.ts";
import type { Model, TensorType } from "../onnx/ir/model.ts";
import type { ModelSizes } from "./model_sizes.ts";
import { bindInputs, withInputDims } from "./graph_inputs.ts";
import { constantWeights } from "./image_layout.ts";

/** Whether the encoder's `pixel_values` are more than the images of the batch as they are. */
export function cutsImages({ image }: ModelSizes): boolean {
  if (image === undefined) return false;
  const { pixels, constants, together } = image.encoder;
  return !together || Object.keys(constants).length > 0 ||
    pixels[0] !== 1 || pixels.length !== image.dims.length + 1;
}

/** Whether features of single runs are gathered to those of the batch. */
export function gathersImages(sizes: ModelSizes): boolean {
  return cutsImages(sizes) && !sizes.image!.encoder.together && sizes.batch > 1;
}

/**
 * The parts that make `vision.image_features`, from `pixel_values` [batch, …] with the shape of one
 * image behind. Encoders that take an image's size run once for each image.
 */
export function visionParts(vision: Model, sizes: ModelSizes): readonly Part[] {
  const inputs = Object.fromEntries(vision.graph.inputs.map(({ name }) => [name, name]));
  if (!cutsImages(sizes)) return [{ name: "vision", model: vision, connect: inputs }];
  const { pixels, constants, together } = sizes.image!.encoder;
  const runs = together || sizes.batch === 1 ? 1 : sizes.batch;
  const perRun = sizes.batch / runs;
  const model = withInputDims(bindInputs(vision, constantWeights(constants, perRun)), {
    pixel_values: [perRun * pixels[0]!, ...pixels.slice(1)],
  });
  const encoders = Array.from({ length: runs }, (_, run) => ({
    name: runs === 1 ? "vision" : `vision${run}`,
    model,
    connect: { ...inputs, pixel_values: `pixels.run${run}` },
  }));
  const bound = Object.keys(constants);
  for (const { connect } of encoders) {
    for (const name of bound) delete (connect as Record<string, string>)[name];
  }
  const last = runs === 1 ? [] : [gathered(vision, runs)];
  return [pixelPart(vision, sizes, runs), ...encoders, ...last];
}

/** `pixel_values` in the shape of the encoder, `run0`, `run1`, … */
function pixelPart(vision: Model, sizes: ModelSizes, runs: number): Part {
  const { dims, encoder } = sizes.image!;
  const builder = new GraphBuilder({ opset: 18 });
  const pixels = builder.input("pixel_values", pixelType(vision), [sizes.batch, ...dims]);
  const perRun = sizes.batch / runs;
  const shape = builder.int64s([perRun * encoder.pixels[0]!, ...encoder.pixels.slice(1)]);
  for (let run = 0; run < runs; run++) {
    const own = runs === 1 ? pixels : builder.op("Slice", [
      pixels,
      builder.int64s([run]),
      builder.int64s([run + 1]),
      builder.int64s([0]),
    ]);
    builder.output(builder.op("Reshape", [own, shape]), `run${run}`);
  }
  return { name: "pixels", model: builder.finish(), connect: { pixel_values: "pixel_values" } };
}

const pixelType = ({ graph }: Model) =>
  (graph.inputs.find(({ name }) => name === "pixel_values")!.type as TensorType).dtype as "float32";

/** The part `vision`: rows of features of all runs, one after another. */
function gathered(vision: Model, runs: number): Part {
  const type = vision.graph.outputs.find(({ name }) => name === "image_features")!
    .type as TensorType;
  const builder = new GraphBuilder({ opset: 18 });
  const width = type.dims?.at(-1) ?? "width";
  const connect: Record<string, string> = {};
  const rows = Array.from({ length: runs }, (_, run) => {
    const name = `run${run}`;
    connect[name] = `vision${run}.image_features`;
    const rank = Array.from({ length: (type.dims?.length ?? 2) - 1 }, (_, i) => `d${i}`);
    const features = builder.input(name, type.dtype as "float32", [...rank, width]);
    const shape = builder.int64s([-1, typeof width === "number" ? width : 0]);
    return rank.length === 1 ? features : builder.op("Reshape", [features, shape]);
  });
  builder.output(builder.op("Concat", rows, { axis: 0 }), "image_features");
  return { name: "vision", model: builder.finish(), connect };
}
