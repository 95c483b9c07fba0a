/** Works out how images of one size reach a model's vision encoder. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { foldConstants } from "../onnx/passes/fold_constants.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import type { Dim, Model, ValueInfo, Weight } from "../onnx/ir/model.ts";
import { weightFromTensor } from "../onnx/ir/weight.ts";
import { castTensor } from "../tensor/convert.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { type ImagePlan, pixelDims } from "../vision/image_plan.ts";
import { planProcessor } from "../vision/processor_table.ts";
import type { PlanOptions } from "../vision/processors/processor_kind.ts";
import type { ImageSize } from "../vision/resize.ts";
import type { ModelDirectory } from "./directory.ts";
import { cannotCompose } from "./part_interface.ts";
import { bindInputs, dimsOfInput, dtypeOfInput, withInputDims } from "./graph_inputs.ts";

/** An image of one size as a model reads it. */
export interface ImageLayout {
  /** What the image processor does. */
  readonly plan: ImagePlan;
  /** Shape of the `pixel_values` of one image, as the processor gives them. */
  readonly dims: readonly number[];
  readonly encoder: EncoderInputs;
  /** Rows of image features of one image, where the graph says so. */
  readonly rows?: number;
  /** Equal for images, also of different sizes, that the model reads in the same graphs. */
  readonly key: string;
}

/** What the vision encoder is fed for one image. */
export interface EncoderInputs {
  /** Shape of its `pixel_values`. */
  readonly pixels: readonly number[];
  /** Inputs that depend on nothing but the image's size. */
  readonly constants: Readonly<Record<string, Tensor>>;
  /** Whether several images go through together, along the first dimension. */
  readonly together: boolean;
}

/** Inputs of encoders that go by another name than the processor's output. */
const aliases: Readonly<Record<string, string>> = {
  grid_thw: "image_grid_thw",
  pixel_position_ids: "image_position_ids",
};

/** Outputs of processors that say where an image ends: encoders that read them take one at a time. */
const tellingSize: ReadonlySet<string> = new Set([
  "image_grid_thw",
  "image_sizes",
  "spatial_shapes",
]);

/** Says how a model reads images. */
export interface ImageReader {
  /** How the processor plans. */
  readonly options: PlanOptions;
  /** @throws {DiagnosticError} If the processor makes what the encoder does not read. */
  lay(from: ImageSize): ImageLayout;
}

/**
 * Opens a model for images of any size.
 *
 * @throws {DiagnosticError} If its vision encoder takes no images.
 */
export async function openImageReader(directory: ModelDirectory): Promise<ImageReader> {
  const vision = await directory.readPart("vision_encoder");
  const inputs = new Map(vision.graph.inputs.map((info) => [info.name, info]));
  const pixels = inputs.get("pixel_values");
  if (pixels === undefined) {
    throw unreadable(directory, `it has no input "pixel_values", but ${[...inputs.keys()]}`);
  }
  const declared = dimsOfInput(pixels);
  const together = ![...inputs.keys()].some((name) => tellingSize.has(aliases[name] ?? name));
  const options = { whole: declared.length === 4 && !inputs.has("image_sizes") };
  const known = new Map<string, Pick<ImageLayout, "encoder" | "rows">>();
  return {
    options,
    lay: (from) => {
      const plan = planProcessor(directory.preprocessor, from, options);
      const dims = pixelDims(plan);
      const key = keyOf(plan);
      let found = known.get(key);
      if (found === undefined) {
        const encoder: EncoderInputs = {
          pixels: fitted(directory, declared, dims),
          constants: constantsOf(directory, inputs, plan),
          together,
        };
        const rows = featureRows(vision, encoder);
        known.set(key, found = { encoder, ...(rows === undefined ? {} : { rows }) });
      }
      return { plan, dims, key, ...found };
    },
  };
}

/** How images of one size are read, see {@linkcode openImageReader}. */
export async function layImage(
  directory: ModelDirectory,
  from: ImageSize,
): Promise<ImageLayout> {
  return (await openImageReader(directory)).lay(from);
}

/** What of a plan the graphs and the text depend on; masks follow from the rest. */
function keyOf(plan: ImagePlan): string {
  const { layout, grid, extras } = plan;
  const telling = Object.entries(extras).filter(([name]) => !name.endsWith("_mask"));
  const values = telling.map(([name, { data }]) => `${name} ${data.join()}`);
  return [JSON.stringify([pixelDims(plan), layout, grid]), ...values].join("; ");
}

/** The shape with ones in front up to the declared rank. @throws {DiagnosticError} If it does not fit. */
function fitted(
  directory: ModelDirectory,
  declared: readonly Dim[],
  dims: readonly number[],
): readonly number[] {
  const missing = declared.length - dims.length;
  const whole = [...new Array<number>(Math.max(0, missing)).fill(1), ...dims];
  const fits = missing >= 0 &&
    declared.every((dim, i) => i === 0 || typeof dim === "string" || dim === whole[i]);
  if (fits) return whole;
  throw unreadable(
    directory,
    `its image processor makes pixel_values of shape [${dims}], but its vision encoder reads [${declared}]`,
  );
}

function constantsOf(
  directory: ModelDirectory,
  inputs: ReadonlyMap<string, ValueInfo>,
  { extras }: ImagePlan,
): Record<string, Tensor> {
  return Object.fromEntries([...inputs].flatMap(([name, info]) => {
    const value = extras[aliases[name] ?? name];
    if (value === undefined) return [];
    const dims = fitted(directory, dimsOfInput(info), value.dims);
    return [[name, castTensor({ ...value, dims }, dtypeOfInput(info))]];
  }));
}

/** Rows of `image_features` that the graph gives for one image, if its shapes tell. */
function featureRows(vision: Model, { pixels, constants }: EncoderInputs): number | undefined {
  const declared = featureDims(vision);
  if (declared?.length === 3 && typeof declared[1] === "number") return pixels[0]! * declared[1];
  const bound = bindInputs(vision, constantWeights(constants));
  const dims = featureDims(sizedFor(bound, pixels));
  if (dims === undefined || !dims.every((dim) => typeof dim === "number")) return undefined;
  return sizeOf(dims.slice(0, -1));
}

/** @throws {DiagnosticError} If its nodes cannot take pixels of that shape. */
function sizedFor(vision: Model, pixels: readonly number[]): Model {
  try {
    return foldConstants(inferShapes(withInputDims(vision, { pixel_values: pixels })));
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    throw cannotCompose(
      `its vision encoder cannot read the pixel_values [${pixels}] of its image processor: ${error.message}`,
    );
  }
}

function featureDims({ graph }: Model): readonly Dim[] | undefined {
  const type = graph.outputs.find(({ name }) => name === "image_features")?.type;
  return type?.kind === "tensor" ? type.dims : undefined;
}

/** Constants of one image, or of several that go through together. */
export function constantWeights(
  constants: EncoderInputs["constants"],
  images = 1,
): Record<string, Weight> {
  return Object.fromEntries(
    Object.entries(constants).map(([name, value]) =>
      [name, weightFromTensor(repeated(value, images))] as const
    ),
  );
}

function repeated(value: Tensor, times: number): Tensor {
  if (times === 1) return value;
  const data = value.data.constructor as new (length: number) => typeof value.data;
  const whole = new data(times * value.data.length);
  for (let i = 0; i < times; i++) whole.set(value.data as never, i * value.data.length);
  return {
    ...value,
    dims: [times * value.dims[0]!, ...value.dims.slice(1)],
    data: whole,
  } as Tensor;
}

function unreadable({ name }: ModelDirectory, cause: string): DiagnosticError {
  const message = `Cannot give images to model "${name}": ${cause}`;
  return new DiagnosticError([{ code: "model-unreadable", severity: "error", message }]);
}
