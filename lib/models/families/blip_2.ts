/** The family of BLIP-2. @module */
import { type Architecture, type Family, type Json, numberIn, objectIn } from "./family.ts";

const encoderDecoders: ReadonlySet<unknown> = new Set(["t5", "mt5", "bart", "mbart"]);

/** OPT is a decoder, Flan-T5 an encoder and a decoder. */
function architectureOf(config: Json): Architecture {
  const decoderOnly = config.use_decoder_only_language_model;
  if (typeof decoderOnly === "boolean") return decoderOnly ? "decoder-only" : "encoder-decoder";
  const text = objectIn(config, "text_config").model_type;
  return encoderDecoders.has(text) ? "encoder-decoder" : "decoder-only";
}

/** BLIP-2: the Q-Former's queries come before the text (arXiv 2301.12597, section 3.3). */
export const blip2: Family = {
  modelTypes: ["blip-2"],
  architecture: architectureOf,
  processorType: "BlipImageProcessor",
  imageTokens: ({ processor }) => numberIn(processor, "num_query_tokens"),
  likelyImageTokens: ({ config }) => numberIn(config, "num_query_tokens"),
  placement: "before-text",
  text: (instruction) => instruction,
};

/** InstructBLIP: as BLIP-2, but the Q-Former reads the instruction too (arXiv 2305.06500, section 2.3). */
export const instructblip: Family = {
  ...blip2,
  modelTypes: ["instructblip"],
  readsInstruction: true,
};
