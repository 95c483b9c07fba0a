/** The trajectory level: δ after the recorded steps of a whole training. @module */
import { join } from "@std/path";
import { composeLoss, lossFeeds } from "../../../lib/models/compose_loss.ts";
import type { LanguageModelDirectory } from "../../../lib/models/directory.ts";
import type { ModelPart } from "../../../lib/models/weight_types.ts";
import { minigpt4 } from "../../../lib/models/families/minigpt4.ts";
import { decodeModel } from "../../../lib/onnx/codec/decode.ts";
import type { Model, TensorType } from "../../../lib/onnx/ir/model.ts";
import type { Provider } from "../../../lib/runtime/provider.ts";
import { openSession, type Session } from "../../../lib/runtime/session.ts";
import { castTensor, toNumbers } from "../../../lib/tensor/convert.ts";
import { dtypes } from "../../../lib/tensor/dtype.ts";
import { placesOf } from "../../../lib/tensor/flat_parameters.ts";
import { decodeSafetensors } from "../../../lib/tensor/safetensors.ts";
import { sizeOf, type Tensor, tensor, zeros } from "../../../lib/tensor/tensor.ts";
import { applyUpdate, optimizers } from "../../../lib/training/optimizer.ts";
import { schedules } from "../../../lib/training/schedule.ts";
import { buildStepGraph, sourceFeeds, type StepGraph } from "../../../lib/training/step_graph.ts";
import { askedOf, gradientIn, lossesIn } from "../../../lib/training/training_graph.ts";
import { buildProcessor } from "../../../lib/vision/build_processor.ts";
import type { CaseFolder, Outcome } from "./case.ts";
import { compareTensors, type Comparison } from "./compare.ts";
import { outcome } from "./vjp.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** The parts of meta.json that are read. */
interface Meta {
  readonly source_models: number;
  readonly image: number;
  readonly frame: number;
  readonly photo: number;
  readonly lr: number;
  readonly epochs: number;
  readonly steps_per_epoch: number;
  readonly steps: number;
  readonly fca_weight: number;
  readonly tse_weight: number;
  readonly logit_scale_exp: number;
}

/** Largest relative L2 error of δ and of the losses. */
const tolerance = { rtol: 1e-5, atol: 1e-6 };

/** CLIP's normalisation (arXiv 2103.00020, the published preprocessing). */
const pixels = {
  do_resize: false,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

/** Trains as recorded and compares δ at the recorded steps. */
export async function runTrajectory(folder: CaseFolder, provider: Provider): Promise<Outcome> {
  return await train(await openTrajectory(folder.path, provider));
}

/**
 * Reads what was recorded and builds the graph of a step.
 *
 * @param most Images of each batch that are taken, at most; default all.
 */
export async function openTrajectory(
  path: string,
  provider: Provider,
  most = Infinity,
): Promise<Training> {
  const meta: Meta = JSON.parse(await Deno.readTextFile(join(path, "meta.json")));
  const bytes = await Deno.readFile(join(path, "trajectory.safetensors"));
  const data = firstImages(decodeSafetensors(bytes).tensors, most);
  const sources = Array.from(
    { length: meta.source_models },
    (_, i) => new PieceSource(path, meta.source_models > 1 ? `source${i}_` : "", data),
  );
  const models = await Promise.all(sources.map((source) => source.loss()));
  const processor = buildProcessor(pixels, meta.image);
  const graph = buildStepGraph({
    canvas: meta.image,
    batch: data.input_ids!.dims[1]!,
    sources: models.map((model) => ({ model, processor })),
    ...(meta.tse_weight === 0 ? {} : {
      clip: {
        model: await readModel(path, "clip_vision"),
        processor,
        logitScale: meta.logit_scale_exp,
      },
    }),
    weights: { lm: 1, fca: meta.fca_weight, tse: meta.tse_weight },
  });
  return { graph, meta, data, sources, models, provider };
}

/** The first images of each batch, and what belongs to them. */
function firstImages(data: Tensors, most: number): Tensors {
  const batch = data.input_ids!.dims[1]!;
  if (batch <= most) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      const [batches, images, ...dims] = value.dims as [number, number, ...number[]];
      if (images !== batch) return [name, value];
      const first = Array.from({ length: batches }, (_, i) => {
        const { data } = batchOf(value, i);
        return data.subarray(0, data.length / batch * most);
      });
      const whole = fromParts(value.dtype, [batches, most, ...dims], first);
      return [name, whole];
    }),
  );
}

/** A tensor of pieces that lie one behind the other. */
function fromParts(
  dtype: Tensor["dtype"],
  dims: readonly number[],
  parts: readonly Tensor["data"][],
): Tensor {
  const size = parts[0]!.length;
  const data = new dtypes[dtype].array(size * parts.length);
  parts.forEach((part, i) => data.set(part as never, i * size));
  return tensor(dtype, dims, data as never);
}

/** A recorded training. */
export interface Training {
  readonly graph: StepGraph;
  readonly meta: Meta;
  readonly data: Tensors;
  readonly sources: readonly PieceSource[];
  readonly models: readonly Model[];
  readonly provider: Provider;
}

async function train(training: Training): Promise<Outcome> {
  const { graph, meta, data } = training;
  const options = { provider: training.provider, threads: 1 };
  await using session = await openSession(graph.model, options);
  await using features = await openSession(graph.features, options);
  const mask = castTensor(data.mask!, "float32");
  const delta = zeros("float32", mask.dims);
  const places = placesOf([{ name: "delta", dims: delta.dims }]);
  const state = { step: 0, values: delta.data, moments: {} };
  const forward: Record<string, Comparison> = {};
  const grads: Record<string, Comparison> = {};
  const losses: number[] = [];
  for (let step = 0; step < meta.steps; step++) {
    const epoch = Math.floor(step / meta.steps_per_epoch);
    const feeds = await feedsOf(step % meta.steps_per_epoch, features, training);
    const results = await session.run(askedOf(session.inputs, { ...feeds, delta }));
    losses.push(lossesIn(graph, results).loss);
    applyUpdate(optimizers["normalized-gradient"], {
      ...{ state, places },
      grad: gradientIn(graph, results, places),
      rates: mask.data,
      lr: meta.lr * schedules.cosine(epoch, meta.epochs),
    });
    const reference = data[`delta_step${step + 1}`];
    if (reference !== undefined) {
      grads[`delta_step${step + 1}`] = compareTensors(delta, reference, tolerance);
    }
  }
  if (data.loss !== undefined) {
    const computed = tensor("float32", [losses.length], Float32Array.from(losses));
    forward.loss = compareTensors(computed, data.loss, tolerance);
  }
  return outcome(forward, grads);
}

/** What a step takes besides δ. */
export async function feedsOf(
  batch: number,
  features: Session,
  { graph, meta, data, sources, models }: Training,
): Promise<Record<string, Tensor>> {
  const images = framed(batchOf(data.photos!, batch), meta);
  const feeds: Record<string, Tensor> = { images };
  if (graph.captions !== undefined && data.caption_features !== undefined) {
    feeds[graph.captions] = castTensor(batchOf(data.caption_features, batch), "float32");
  }
  for (const [i, source] of sources.entries()) {
    Object.assign(feeds, sourceFeeds(graph.sources[i]!, source.feeds(models[i]!, batch)));
  }
  const delta = zeros("float32", images.dims.slice(1));
  const clean = await features.run({ images, delta });
  for (const { imageFeatures, cleanFeatures } of graph.sources) {
    if (cleanFeatures !== undefined) feeds[cleanFeatures] = clean[imageFeatures]!;
  }
  return feeds;
}

/** Entry `index` of the first dimension. */
function batchOf(value: Tensor, index: number): Tensor {
  const dims = value.dims.slice(1);
  const size = sizeOf(dims);
  const data = value.data.slice(index * size, (index + 1) * size);
  return { dtype: value.dtype, dims, data } as Tensor;
}

/** Photos in [0, 1] with a black frame around them. */
function framed(photos: Tensor, { image, photo, frame }: Meta): Tensor<"float32"> {
  const batch = photos.dims[0]!;
  const out = zeros("float32", [batch, 3, image, image]);
  for (let plane = 0; plane < batch * 3; plane++) {
    for (let y = 0; y < photo; y++) {
      for (let x = 0; x < photo; x++) {
        const value = Number(photos.data[(plane * photo + y) * photo + x]);
        out.data[(plane * image + y + frame) * image + x + frame] = value / 255;
      }
    }
  }
  return out;
}

async function readModel(path: string, name: string): Promise<Model> {
  return decodeModel(await Deno.readFile(join(path, `${name}.onnx`)), { directory: path });
}

/** A source model given as loose ONNX files: embed(prefix), image features, embed(text). */
class PieceSource {
  readonly #path: string;
  readonly #prefix: string;
  readonly #data: Tensors;

  constructor(path: string, prefix: string, data: Tensors) {
    this.#path = path;
    this.#prefix = prefix;
    this.#data = data;
  }

  get #start(): number {
    return sizeOf(this.#tensor("prefix_ids").dims);
  }

  /** A recorded tensor: the source's own, or the one that all share. */
  #tensor(name: string): Tensor {
    const tensor = this.#data[this.#prefix + name] ?? this.#data[name];
    if (tensor !== undefined) return tensor;
    throw new TypeError(`Cannot replay the training: trajectory.safetensors has no "${name}"`);
  }

  async loss(): Promise<Model> {
    const [, batch, text] = this.#tensor("input_ids").dims as [number, number, number];
    const imageTokens = await this.#imageTokens();
    return await composeLoss(this.#directory(), {
      batch,
      sequence: this.#start + imageTokens + text,
      imageTokens,
      imageStart: this.#start,
    });
  }

  /** Whole rows: the recorded ids, masks and labels with those of prefix and image in front. */
  feeds(model: Model, batch: number): Record<string, Tensor> {
    const rows = (name: string, before: readonly number[]) =>
      withPrefix(batchOf(this.#tensor(name), batch), before);
    const prefix = Array.from(toNumbers(this.#tensor("prefix_ids")));
    const head = this.#length(model) - this.#tensor("input_ids").dims[2]!;
    const fill = (value: number) => new Array<number>(head).fill(value);
    const text = {
      inputIds: rows("input_ids", [...prefix, ...fill(0).slice(prefix.length)]),
      attentionMask: rows("text_mask", fill(1)),
      labels: rows("labels", fill(-100)),
    };
    return lossFeeds(model, text, { imageToken: -1 });
  }

  #length(model: Model): number {
    const ids = model.graph.inputs.find((info) => info.name === "input_ids")!;
    return (ids.type as TensorType).dims![1] as number;
  }

  /** The files do not say how many rows of features an image has: one run does. */
  async #imageTokens(): Promise<number> {
    const path = join(this.#path, `${this.#prefix}vision_encoder.onnx`);
    await using session = await openSession(path, { provider: "cpu", threads: 1 });
    const dims = session.inputs[0]!.dims.map((dim) => typeof dim === "number" ? dim : 1);
    const results = await session.run({ pixel_values: zeros("float32", dims) });
    return results.image_features!.dims[1]!;
  }

  #directory(): LanguageModelDirectory {
    const files: Partial<Record<ModelPart, string>> = {
      vision_encoder: `${this.#prefix}vision_encoder`,
      embed_tokens: `${this.#prefix}embed_tokens`,
      decoder_model_merged: `${this.#prefix}decoder`,
    };
    return {
      path: this.#path,
      name: this.#prefix || "source",
      config: {},
      generation: {},
      processor: {},
      preprocessor: pixels,
      family: minigpt4,
      warnings: [],
      has: (part) => part in files,
      partPath: (part) => join(this.#path, `${files[part]}.onnx`),
      readPart: (part) => readModel(this.#path, files[part]!),
      tokenizer: () => Promise.reject(new TypeError("A recorded training has no tokenizer")),
    };
  }
}

/** Puts the same values in front of every row; int64. */
function withPrefix(rows: Tensor, before: readonly number[]): Tensor<"int64"> {
  const [batch, length] = rows.dims as [number, number];
  const width = before.length + length;
  const values = toNumbers(rows);
  const data = BigInt64Array.from({ length: batch * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const own = values[row * length + column - before.length];
    return BigInt(column < before.length ? before[column]! : own!);
  });
  return tensor("int64", [batch, width], data);
}
