/**
 * The graph of one prompt-training step: images + δ → every source model and CLIP → loss terms →
 * their weighted sum, and its gradient with respect to δ.
 *
 * @module
 */
import {
  type LossTerms,
  type LossWeights,
  termThatAsksClip,
  weightedTerms,
} from "../losses/loss_table.ts";
import type { LossInputs } from "../losses/loss_term.ts";
import { differentiateModel } from "../autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import { composeModels, type Part } from "../onnx/passes/compose.ts";
import type { Dim, Model } from "../onnx/ir/model.ts";
import { cutModel } from "../onnx/passes/cut_model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { simplifyModel } from "../onnx/passes/simplify_model.ts";
import { parameterPlaces } from "../prompts/prompt_parameters.ts";
import { type AnyPromptKind, promptKind } from "../prompts/prompt_table.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { hasFloat16, inPrecision, usualLossScale } from "./precision.ts";
import type { Precision } from "./precisions.ts";
import { buildViews, type ViewName } from "./views/view_table.ts";
import { termOutput, termOutputs, type TrainingGraph, withGradients } from "./training_graph.ts";

/** A model behind its own image processor. */
export interface PixelGraph {
  /** Input: `image` float32 [batch, 3, S, S] in [0, 1]. Output: `pixel_values`. */
  readonly processor: Model;
  /** Input: `pixel_values`, and the others that it needs. */
  readonly model: Model;
}

/**
 * A source model: outputs `loss` (scalar), `image_features` [batch, tokens, width], and where a term
 * asks for them `hidden_features` [batch, …, width].
 */
export type SourceGraph = PixelGraph;

/** CLIP: output `image_embeds` [batch, width]. */
export interface ClipGraph extends PixelGraph {
  /** exp(logit_scale). */
  readonly logitScale: number;
}

/** What a step graph is built from. */
export interface StepParts {
  /** Side S of the canvas. */
  readonly canvas: number;
  /** Images in a step where it is always the same: then no shape is left to be computed in it. */
  readonly batch?: number;
  readonly sources: readonly SourceGraph[];
  readonly clip?: ClipGraph;
  readonly weights: LossWeights;
  /** The user's own loss terms. */
  readonly ownTerms?: LossTerms;
  /** Kind of the prompt, default `frame`, and the side at which its image is shown. */
  readonly prompt?: { readonly kind: AnyPromptKind; readonly image: number };
  /** How the sources and CLIP see the prompted images; default as they are. They want a `batch`. */
  readonly views?: readonly ViewName[];
  /** Whether sources have weights, so that gradients of single ones can be asked for. */
  readonly perSource?: boolean;
  /** Default `autodiff`; `none` for update rules that need the loss alone. */
  readonly gradient?: "autodiff" | "none";
  /** How models with float16 weights are computed; default `float32`. */
  readonly precision?: Precision;
  /** In mixed precision, what gradients are multiplied by on their way: a power of two. */
  readonly lossScale?: number;
  /** Whether the batch is a part of a larger one: then answers are weighed by their share in it. */
  readonly isPart?: boolean;
  /** Whether inner values of blocks are computed again in the backward pass. */
  readonly recompute?: boolean;
}

/** What belongs to a source model in a step graph. */
export interface SourceNames {
  /** What its own inputs and outputs begin with. */
  readonly prefix: string;
  /** Output of `StepGraph.features`. */
  readonly imageFeatures: string;
  /** Input that takes the features of the clean images, where a term asks for them. */
  readonly cleanFeatures?: string;
  /** Output of `StepGraph.features`: those in the middle of the encoder, where a term asks for them. */
  readonly hiddenFeatures?: string;
  /** Input that takes the hidden features of the clean images, where a term asks for them. */
  readonly cleanHiddenFeatures?: string;
  /** Input that takes the importance of the hidden features, where a term asks for it. */
  readonly importance?: string;
  /** Input that takes the weight of a part's answers: their mean times it, mean over parts, is the whole's. */
  readonly answerShare?: string;
}

/**
 * A step graph. Its inputs: `images`, `delta` and the parameters of the prompt's transformation, and
 * those that its names tell.
 */
export interface StepGraph extends TrainingGraph {
  readonly sources: readonly SourceNames[];
  /** Outputs the sources' features only; the same nodes, for the clean features. */
  readonly features: Model;
  /**
   * Gradients of the sum of the sources' losses with respect to their hidden features, which it takes,
   * in the order of the sources; where a term asks for importance.
   */
  readonly importance?: Model;
  /** Input that takes the embeddings of the captions, where a term asks for them. */
  readonly captions?: string;
}

/** Tensors of a source model under the names of a step graph. */
export function sourceFeeds(
  { prefix }: SourceNames,
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, value]) => [`${prefix}${name}`, value]),
  );
}

/** The transformation of the prompt's kind, then + δ: no clipping while training; then the views. */
function promptPart(parts: StepParts): Part {
  const { canvas, batch = "batch", prompt = { kind: "frame", image: canvas }, views = [] } = parts;
  const sizes = { canvas, image: prompt.image };
  const { transformation } = promptKind(prompt.kind);
  const builder = new GraphBuilder({ opset: 18 });
  const images = builder.input("images", "float32", [batch, 3, canvas, canvas]);
  const values = Object.fromEntries(
    parameterPlaces(prompt.kind, sizes)
      .map(({ name, dims }) => [name, builder.input(name, "float32", dims)]),
  );
  const placed = transformation?.build(builder, images, values, sizes) ?? images;
  const pixels = builder.op("Add", [placed, values.delta!]);
  builder.output(pixels, "pixels");
  const size = typeof batch === "number" ? batch : 1;
  const seen = buildViews(builder, views, { pixels, clean: placed }, { batch: size, canvas });
  builder.output(builder.op("Identity", [seen]), "seen");
  const model = builder.finish();
  const connect = Object.fromEntries(model.graph.inputs.map(({ name }) => [name, name]));
  return { name: "prompt", model, connect };
}

/** Name of a source's part. */
const sourceName = (index: number): string => `source${index}`;

/** Input of the captions' embeddings. */
const captionInput = "caption_embeds";

/** Input of the sources' weights. */
const weightsInput = "source_weights";

function namesOf(index: number): Required<SourceNames> {
  const prefix = `${sourceName(index)}.`;
  return {
    prefix,
    imageFeatures: `${prefix}image_features`,
    cleanFeatures: `${prefix}clean_features`,
    hiddenFeatures: `${prefix}hidden_features`,
    cleanHiddenFeatures: `${prefix}clean_hidden_features`,
    importance: `${prefix}importance`,
    answerShare: `${prefix}answer_share`,
  };
}

/** A model behind its processor, on the prompted canvas. */
function behindPrompt(
  name: string,
  { processor, model }: PixelGraph,
  { precision = "float32" }: StepParts,
): Part[] {
  const pixelValues = `${name}.processor.pixel_values`;
  return [
    { name: `${name}.processor`, model: processor, connect: { image: "prompt.seen" } },
    { name, model: inPrecision(model, precision), connect: { pixel_values: pixelValues } },
  ];
}

function compose(parts: StepParts, withClip: boolean): Model {
  // Sources that have their encoder in common share one prompted encode.
  return simplifyModel(composeModels([
    promptPart(parts),
    ...parts.sources.flatMap((source, i) => behindPrompt(sourceName(i), source, parts)),
    ...(withClip ? behindPrompt("clip", parts.clip!, parts) : []),
  ]));
}

function lossInputs(builder: GraphBuilder, parts: StepParts, model: Model): LossInputs {
  const output = (name: string): Value => outputOf(model, name);
  const made = new Set<string>();
  // Several terms may ask for the same input.
  const input = (name: string, dims: () => readonly Dim[]): Value => {
    if (!made.has(name)) builder.input(name, "float32", dims());
    made.add(name);
    return name;
  };
  return {
    prompt: { delta: "delta", pixels: output("prompt.pixels") },
    sources: parts.sources.map((_, i) => {
      const names = namesOf(i);
      const imageFeatures = output(names.imageFeatures);
      const likeFeatures = () => builder.dims(imageFeatures) ?? ["batch", "tokens", "width"];
      const likeHidden = () =>
        builder.dims(output(names.hiddenFeatures)) ?? ["batch", "places", "channels"];
      const loss = output(`${names.prefix}loss`);
      return {
        languageModelLoss: parts.isPart
          ? builder.op("Mul", [loss, input(names.answerShare, () => [])])
          : loss,
        imageFeatures,
        cleanFeatures: () => input(names.cleanFeatures, likeFeatures),
        hiddenFeatures: () => output(names.hiddenFeatures),
        cleanHiddenFeatures: () => input(names.cleanHiddenFeatures, likeHidden),
        importance: () => input(names.importance, likeHidden),
      };
    }),
    ...(parts.perSource
      ? { sourceWeights: input(weightsInput, () => [parts.sources.length]) }
      : {}),
    ...(parts.clip
      ? {
        clip: {
          imageEmbeds: () => output("clip.image_embeds"),
          captionEmbeds: () => input(captionInput, () => [parts.batch ?? "batch", "clip_width"]),
          logitScale: parts.clip.logitScale,
        },
      }
      : {}),
  };
}

/** The value behind an output of a part. */
function outputOf(model: Model, name: string): Value {
  if (!model.graph.outputs.some((output) => output.name === name)) {
    const found = model.graph.outputs.map((output) => output.name).join(", ");
    throw new TypeError(`Cannot build the training graph: no output "${name}", found ${found}`);
  }
  return name;
}

/** Adds the terms and their weighted sum, signs included. */
function addLoss(builder: GraphBuilder, inputs: LossInputs, parts: StepParts): string[] {
  const terms = weightedTerms(parts.weights, parts.ownTerms);
  const weighted = terms.map(([name, { build, sign }]) => {
    const value = build(builder, inputs);
    checkScalar(name, builder.dims(value));
    builder.output(value, termOutput(name));
    return builder.op("Mul", [value, builder.scalar(sign * parts.weights[name]!)]);
  });
  builder.output(weighted.length === 1 ? weighted[0]! : builder.op("Sum", weighted), "loss");
  return terms.map(([name]) => name);
}

/** If a user's own term gave a batch of numbers, training would use a sum that nobody asked for. */
function checkScalar(name: string, dims: readonly Dim[] | undefined): void {
  if (dims === undefined || dims.length === 0) return;
  throw new RangeError(
    `Cannot train with the loss term ${name}: it is of shape [${
      dims.join(", ")
    }], expected one number (ReduceMean with keepdims 0 makes one)`,
  );
}

const parameterNames = ({ canvas, prompt }: StepParts) =>
  prompt === undefined ? ["delta"] : parameterPlaces(prompt.kind, { canvas, image: prompt.image })
    .map(({ name }) => name);

/** 1 where no gradient passes through float16. */
function lossScaleOf(model: Model, { precision, lossScale = usualLossScale }: StepParts): number {
  return precision === "mixed" && hasFloat16(model) ? lossScale : 1;
}

/** The names that the graph has a use for. */
function askedNames(
  { prefix, imageFeatures, hiddenFeatures, ...inputs }: Required<SourceNames>,
  asked: ReadonlySet<string>,
): SourceNames {
  const taken = Object.entries(inputs).filter(([, name]) => asked.has(name));
  const isHidden = taken.some(([, name]) =>
    name === inputs.cleanHiddenFeatures || name === inputs.importance
  );
  return {
    prefix,
    imageFeatures,
    ...(isHidden ? { hiddenFeatures } : {}),
    ...Object.fromEntries(taken),
  };
}

/** The losses as functions of the hidden features, which become inputs, and their gradients. */
function importanceGraph(composed: Model, sources: readonly SourceNames[]): Model {
  const hidden = sources.flatMap(({ hiddenFeatures }) => hiddenFeatures ?? []);
  const builder = new GraphBuilder({ model: composed });
  const losses = sources.map(({ prefix }) => `${prefix}loss`);
  builder.output(losses.length === 1 ? losses[0]! : builder.op("Sum", losses), "answers");
  const loss = cutModel(builder.finish(), hidden, ["answers"]);
  const { model, gradients } = differentiateModel(loss, { of: "answers", wrt: hidden });
  return pruneModel(model, [...gradients.values()]);
}

/**
 * Builds the training graph. Terms without a weight are not built, and what only they need is
 * pruned; one prompted encode serves lm, fca and every model that shares its encoder.
 *
 * @throws {DiagnosticError} If a model has an operator on the way from δ to the loss that cannot
 * be differentiated; it names op, opset and node.
 */
export function buildStepGraph(parts: StepParts): StepGraph {
  const needsClip = termThatAsksClip(parts.weights, parts.ownTerms) !== undefined;
  const composed = compose(parts, needsClip);
  const builder = new GraphBuilder({ model: composed });
  const terms = addLoss(builder, lossInputs(builder, parts, composed), parts);
  const outputs = termOutputs(terms);
  const forward = pruneModel(builder.finish(), ["loss", ...Object.values(outputs)]);
  const asked = new Set(forward.graph.inputs.map(({ name }) => name));
  const names = parts.sources.map((_, i) => askedNames(namesOf(i), asked));
  const hidden = names.flatMap(({ hiddenFeatures }) => hiddenFeatures ?? []);
  const features = [...names.map(({ imageFeatures }) => imageFeatures), ...hidden];
  const graph = {
    model: forward,
    ...{ loss: "loss", terms: outputs, gradients: {} },
    sources: names,
    features: pruneModel(composed, features),
    ...(names.some(({ importance }) => importance !== undefined)
      ? { importance: importanceGraph(composed, names) }
      : {}),
    ...(asked.has(captionInput) ? { captions: captionInput } : {}),
    ...(asked.has(weightsInput) ? { sourceWeights: weightsInput } : {}),
  };
  if (parts.gradient === "none") return graph;
  return withGradients(graph, parameterNames(parts), {
    lossScale: lossScaleOf(forward, parts),
    recompute: parts.recompute ?? false,
  });
}
