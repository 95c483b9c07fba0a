/** Defines a loss term: a summand of the training loss, built as ONNX nodes. @module */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";

/** The values of the graph from which loss terms are built. */
export interface LossInputs {
  readonly prompt: {
    /** [3, S, S]: δ, in units of pixel values. */
    readonly delta: Value;
    /** [batch, 3, S, S]: the prompted pictures, before each model's own processor. */
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
  }[];
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
  /** Builds the term's scalar; called only for terms with a weight. */
  build(builder: GraphBuilder, inputs: LossInputs): Value;
}

/** A user's own loss term, as it is written. */
export type OwnLossTerm =
  & Pick<LossTerm, "description" | "build">
  & Partial<Pick<LossTerm, "sign" | "needsClip">>;

/**
 * Defines a loss term; the default export of a file in the `lossFolder` of a pipeline. It is
 * minimised, and needs no CLIP, unless it says otherwise.
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
  return { sign: 1, needsClip: false, ...term };
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
