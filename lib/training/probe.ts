/** Measures a model on prompted images without training: features, losses, gradients. @module */
import { directoryOptions, type NamedModel, openModelDirectory } from "../models/directory.ts";
import type { Canvas } from "../prompts/prompt_kind.ts";
import { parameterPlaces } from "../prompts/prompt_parameters.ts";
import { type AnyPromptKind, imageSideOf } from "../prompts/prompt_table.ts";
import { openSession, type Session, type SessionOptions } from "../runtime/session.ts";
import { parameterTensors } from "../tensor/flat_parameters.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Images } from "../vision/images.ts";
import { ImageBatches } from "./image_batches.ts";
import { usualPrecision } from "./precision.ts";
import { prepareSource, type Source, type TaskRow } from "./source.ts";
import { buildStepGraph, sourceFeeds, type StepGraph } from "./step_graph.ts";
import { askedOf, gradientIn, lossesIn } from "./training_graph.ts";

/** A model and the rows it is asked about, under prompts of one kind and size. */
export interface ProbeOptions extends Canvas {
  readonly model: NamedModel;
  readonly data: { readonly images: Images; readonly rows: readonly TaskRow[] };
  readonly kind: AnyPromptKind;
  /** Rows at a time. */
  readonly batch: number;
  /** Whether gradients will be asked for. */
  readonly gradients: boolean;
  readonly session: SessionOptions;
}

/** Loss of rows, and its gradient with respect to the prompt's values. */
export interface ProbeGradient {
  readonly loss: number;
  readonly grad: Float32Array;
}

/** An open probe. */
export interface Probe extends AsyncDisposable {
  /**
   * Image features [rows, tokens, width] of rows `from` to `to`, at most a batch of them.
   *
   * @param values δ and what else the kind has, as `parameterPlaces` lays them out.
   */
  features(
    rows: readonly [from: number, to: number],
    values: Float32Array,
  ): Promise<Tensor<"float32">>;
  /** Language-model loss of a whole batch of rows from `from`, and its gradient. */
  gradient(from: number, values: Float32Array): Promise<ProbeGradient>;
}

/**
 * Opens a probe.
 *
 * @throws {DiagnosticError} If the model is incomplete, or gradients are wanted that it does not have.
 */
export async function openProbe(options: ProbeOptions): Promise<Probe> {
  const { model, data, kind, batch, canvas, image } = options;
  const directory = await openModelDirectory(model.path, directoryOptions(model));
  const source = await prepareSource(directory, data.rows, { batch, canvas });
  const graph = buildStepGraph({
    canvas,
    sources: [source.graph],
    weights: { lm: 1 },
    prompt: { kind, image },
    gradient: options.gradients ? "autodiff" : "none",
    precision: await usualPrecision(options.session.provider ?? "auto"),
  });
  await using opened = new AsyncDisposableStack();
  const features = opened.use(await openSession(graph.features, options.session));
  const training = options.gradients ? await openSession(graph.model, options.session) : undefined;
  opened.move();
  return new ModelProbe(options, { source, graph, features, training });
}

interface Parts {
  readonly source: Source;
  readonly graph: StepGraph;
  readonly features: Session;
  readonly training: Session | undefined;
}

class ModelProbe implements Probe {
  readonly #options: ProbeOptions;
  readonly #parts: Parts;
  readonly #images: ImageBatches;

  constructor(options: ProbeOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    const image = imageSideOf(options.kind, options);
    this.#images = new ImageBatches(options.data.images, {
      ...{ canvas: options.canvas, image },
      augment: "none",
    });
  }

  async features(
    [from, to]: readonly [number, number],
    values: Float32Array,
  ): Promise<Tensor<"float32">> {
    const { features } = this.#parts;
    const outputs = await features.run(await this.#feeds(features, [from, to], values));
    const { data, dims } = Object.values(outputs)[0] as Tensor<"float32">;
    const size = data.length / dims[0]!;
    const rows = to - from;
    return { dtype: "float32", dims: [rows, ...dims.slice(1)], data: data.slice(0, rows * size) };
  }

  async gradient(from: number, values: Float32Array): Promise<ProbeGradient> {
    const { training, graph } = this.#parts;
    if (!training) {
      throw new TypeError("Cannot take a gradient: the probe was opened without gradients");
    }
    const { batch } = this.#options;
    const outputs = await training.run(await this.#feeds(training, [from, from + batch], values));
    const { loss } = lossesIn(graph, outputs);
    return { loss, grad: gradientIn(graph, outputs, this.#places()) };
  }

  #places() {
    return parameterPlaces(this.#options.kind, this.#options);
  }

  /** A batch of rows; a short one is filled up with its last row. */
  async #feeds(
    session: Session,
    [from, to]: readonly [number, number],
    values: Float32Array,
  ): Promise<Record<string, Tensor>> {
    const { batch, data } = this.#options;
    const { graph, source } = this.#parts;
    const picks = Array.from({ length: batch }, (_, i) => ({
      row: Math.min(from + i, to - 1) % data.rows.length,
      flip: false,
    }));
    const feeds = {
      images: await this.#images.of(picks),
      ...parameterTensors(this.#places(), values),
      ...sourceFeeds(graph.sources[0]!, source.feeds(picks)),
    };
    return askedOf(session.inputs, feeds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#images[Symbol.asyncDispose]();
    await this.#parts.features[Symbol.asyncDispose]();
    await this.#parts.training?.[Symbol.asyncDispose]();
  }
}

/** Means over the tokens: [rows, width]. */
export function meanOverTokens({ dims, data }: Tensor<"float32">): Float32Array {
  const [rows, tokens, width] = dims as [number, number, number];
  const out = new Float32Array(rows * width);
  for (let i = 0; i < data.length; i++) {
    const [row, column] = [Math.floor(i / (tokens * width)), i % width];
    out[row * width + column]! += data[i]! / tokens;
  }
  return out;
}
