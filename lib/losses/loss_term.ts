/** Defines a loss term: a summand of the training loss, built as ONNX nodes. @module */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";

/** The values of the graph from which loss terms are built. */
export interface LossInputs {
  readonly prompt: {
    /** [3, S, S]: δ, in units of pixel values. */
    readonly delta: Value;
    /** [batch, 3, S, S]: the prompted images, before each model's own processor. */
    readonly pixels: Value;
  };
  /** One entry per source model. */
  readonly sources: readonly {
    /** Scalar: mean token cross entropy of the batch. */
    readonly languageModelLoss: Value;
    /** [batch, tokens, width]: image features of the prompted images. */
    readonly imageFeatures: Value;
    /** The same of the clean images: a graph input, a constant for the optimisation. */
    readonly cleanFeatures: () => Value;
    /** [batch, …, width]: features of the prompted images in the middle of the encoder. */
    readonly hiddenFeatures: () => Value;
    /** The same of the clean images: a graph input. */
    readonly cleanHiddenFeatures: () => Value;
    /** Of their shape: how the loss grows with the hidden features of clean images; a graph input. */
    readonly importance: () => Value;
  }[];
  /** [sources]: weights of the sources in the loss, where single ones are asked for; a graph input. */
  readonly sourceWeights?: Value;
  /** Present if a CLIP model was given. */
  readonly clip?: {
    /** [batch, width]: CLIP's image embedding of the prompted images. */
    readonly imageEmbeds: () => Value;
    /** [batch, width]: embeddings of the captions, of unit length: a graph input. */
    readonly captionEmbeds: () => Value;
    /** exp(logit_scale), CLIP's temperature. */
    readonly logitScale: number;
  };
}

/** A loss term. */
export interface LossTerm {
  /** One sentence: formula and source. */
  readonly description: string;
  /** +1 if the term is minimised, −1 if it is a score to be maximised. */
  readonly sign: 1 | -1;
  readonly needsClip: boolean;
  /** Whether it needs features from the middle of the encoder; default it does not. */
  readonly needsHidden?: boolean;
  /**
   * Whether it is not a mean over images, or drawn for the batch as a whole: then a batch is not computed
   * in parts. Default false.
   */
  readonly wholeBatch?: boolean;
  /** Builds the term's scalar; called only for terms with a weight. */
  build(builder: GraphBuilder, inputs: LossInputs): Value;
}

/** A user's own loss term, as it is written. */
export type OwnLossTerm =
  & Pick<LossTerm, "description" | "build">
  & Partial<Pick<LossTerm, "sign" | "needsClip" | "needsHidden" | "wholeBatch">>;

/**
 * Defines a loss term; the default export of a file in the `lossFolder` of a pipeline. It is
 * minimised, needs no CLIP and may look across a batch, unless it says otherwise.
 *
 * @example
 * ```ts
 * export default defineLossTerm({
 *   description: "mean square of δ",
 *   build: (builder, { prompt }) =>
 *     builder.op("ReduceMean", [builder.op("Mul", [prompt.delta, prompt.delta])], { keepdims: 0 }),
 * });
 * ```
 */
export function defineLossTerm(term: OwnLossTerm): LossTerm {
  return { sign: 1, needsClip: false, wholeBatch: true, ...term };
}

/**
 * Mean of scalars; the scalar itself if there is one.
 *
 * @example
 * ```ts
 * import { meanOf } from "@tvp/pipeline/losses";
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const losses = ["first", "second"].map((name) => b.input(name, "float32", []));
 * assertEquals(b.dims(meanOf(b, losses)), []);
 * ```
 */
export function meanOf(builder: GraphBuilder, values: readonly Value[]): Value {
  if (values.length === 1) return values[0]!;
  const sum = builder.op("Sum", values);
  return builder.op("Div", [sum, builder.scalar(values.length)]);
}

/**
 * Mean over the source models, or their weighted sum where sources have weights.
 *
 * @param of The scalar of a source.
 *
 * @example
 * ```ts
 * import { defineLossTerm, meanOverSources } from "@tvp/pipeline/losses";
 * import { assertEquals } from "@std/assert";
 *
 * const lm = defineLossTerm({
 *   description: "the language-model loss",
 *   build: (builder, inputs) => meanOverSources(builder, inputs, (s) => s.languageModelLoss),
 * });
 * assertEquals(lm.sign, 1);
 * ```
 */
export function meanOverSources(
  builder: GraphBuilder,
  { sources, sourceWeights }: LossInputs,
  of: (source: LossInputs["sources"][number]) => Value,
): Value {
  const values = sources.map(of);
  if (sourceWeights === undefined) return meanOf(builder, values);
  const weighted = values.map((value, i) => {
    const weight = builder.op("Gather", [sourceWeights, builder.scalar(i, "int64")], { axis: 0 });
    return builder.op("Mul", [value, weight]);
  });
  return weighted.length === 1 ? weighted[0]! : builder.op("Sum", weighted);
}
