/** The usual parts of Phi-3 Vision, whose files are called otherwise. @module */
import type { MadeParts } from "./families/family.ts";
import { tokenEmbeddings } from "./token_embeddings.ts";

/**
 * Files `vision_encoder`, `prepare_inputs_embeds`, which looks tokens up and puts image features in
 * the places of negative ones, and `model`.
 */
export const preparedEmbeddingsParts: MadeParts = {
  files: ["vision_encoder", "prepare_inputs_embeds", "model"],
  made: {
    embed_tokens: async (read) => tokenEmbeddings(await read("prepare_inputs_embeds")),
    decoder_model_merged: (read) => read("model"),
  },
};
