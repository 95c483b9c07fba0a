/** The zoo's multimodal language models: vision encoder, connector, language model. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import {
  type Instruction,
  linearProjector,
  mlpProjector,
  placeCount,
  qformer,
  type QFormerSizes,
} from "./connectors.ts";
import type { DecoderSizes } from "./decoders.ts";
import type { EncoderDecoderSizes } from "./encoder_decoder.ts";
import { linear } from "./layers.ts";
import { type Module, moduleOn, type WeightSource } from "./module.ts";
import { type EncoderSizes, encoderTokens, tokenLayout } from "./vision_encoder.ts";
import { pixelInput } from "./vision_transformer.ts";

/** What lies between vision encoder and language model. */
export type Connector =
  | { readonly kind: "qformer"; readonly qformer: QFormerSizes }
  | { readonly kind: "instructed-qformer"; readonly qformer: QFormerSizes }
  | { readonly kind: "qformer-and-patches"; readonly qformer: QFormerSizes }
  | { readonly kind: "mlp"; readonly hidden: number }
  | { readonly kind: "linear" };

/** Sizes of a multimodal model. */
export interface MultimodalSizes {
  readonly vision: EncoderSizes;
  readonly connector: Connector;
  readonly text: DecoderSizes | EncoderDecoderSizes;
}

/** What a connector is built from. */
interface Wiring {
  readonly module: Module;
  readonly tokens: Value;
  readonly sizes: MultimodalSizes;
  readonly instruction?: Instruction;
}

/** Queries projected to the language model's width. */
function projectedQueries(
  { module, tokens, sizes, instruction }: Wiring,
  qsizes: QFormerSizes,
): Value {
  const rows = qformer(module, tokens, qsizes, {
    memoryWidth: tokenLayout(sizes.vision).width,
    ...(instruction === undefined ? {} : { instruction }),
  });
  return linear(module, "language_projection", rows, {
    from: qsizes.hidden_size,
    to: sizes.text.hidden_size,
  });
}

function projectorSizes({ vision, text }: MultimodalSizes) {
  return { layout: tokenLayout(vision), to: text.hidden_size };
}

type Connect = {
  [K in Connector["kind"]]: (wiring: Wiring, connector: Extract<Connector, { kind: K }>) => Value;
};

const connect: Connect = {
  qformer: (wiring, { qformer }) => projectedQueries(wiring, qformer),
  "instructed-qformer": (wiring, { qformer }) => projectedQueries(wiring, qformer),
  "qformer-and-patches": (wiring, { qformer }) => {
    const patches = linearProjector(wiring.module, wiring.tokens, {
      ...projectorSizes(wiring.sizes),
      name: "vision_projection",
    });
    const queries = projectedQueries(wiring, qformer);
    return wiring.module.builder.op("Concat", [queries, patches], { axis: 1 });
  },
  mlp: ({ module, tokens, sizes }, { hidden }) =>
    mlpProjector(module, tokens, { ...projectorSizes(sizes), hidden }),
  linear: ({ module, tokens, sizes }) => linearProjector(module, tokens, projectorSizes(sizes)),
};

/** Whether the connector reads the instruction. */
export function readsInstruction({ kind }: Connector): boolean {
  return kind === "instructed-qformer" || kind === "qformer-and-patches";
}

/** Number of rows that an image takes among the embeddings. */
export function imageRows({ connector, vision }: MultimodalSizes): number {
  const queries = "qformer" in connector ? connector.qformer.num_query_tokens : 0;
  const patches = connector.kind === "qformer" || connector.kind === "instructed-qformer"
    ? 0
    : placeCount(tokenLayout(vision));
  return queries + patches;
}

/** Appends the connector: vision tokens → `[batch, rows, width of the language model]`. */
export function imageFeatures(
  module: Module,
  tokens: Value,
  sizes: MultimodalSizes,
  instruction?: Instruction,
): Value {
  const { connector } = sizes;
  const wiring = { module, tokens, sizes, ...(instruction === undefined ? {} : { instruction }) };
  return (connect[connector.kind] as (wiring: Wiring, connector: Connector) => Value)(
    wiring,
    connector,
  );
}

/** Inputs `qformer_input_ids` and `qformer_attention_mask`, where the connector reads the instruction. */
export function instructionInputs(
  b: GraphBuilder,
  connector: Connector,
  batch: number | string = "batch_size",
): Instruction | undefined {
  if (!readsInstruction(connector)) return undefined;
  const dims = [batch, "instruction_length"];
  return {
    inputIds: b.input("qformer_input_ids", "int64", dims),
    attentionMask: b.input("qformer_attention_mask", "int64", dims),
  };
}

/** The published graph of encoder and connector: `pixel_values`, … → `image_features`. */
export function visionEncoderModel(sizes: MultimodalSizes, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const module = moduleOn(builder, weights);
  const pixels = pixelInput(builder, sizes.vision);
  const instruction = instructionInputs(builder, sizes.connector);
  const tokens = encoderTokens(module, pixels, sizes.vision);
  builder.output(imageFeatures(module, tokens, sizes, instruction), "image_features");
  return builder.finish();
}
