/** The usual parts of Phi-3 Vision, whose files are called otherwise. @module */
import type { MadeParts } from "./families/family.ts";
import { tokenEmbeddings } from "./token_embeddings.ts";

/** `prepare_inputs_embeds` looks tokens up and puts image features in the places of negative ones. */
export const preparedEmbeddingsParts: MadeParts = {
  embed_tokens: async (read) => tokenEmbeddings(await read("prepare_inputs_embeds")),
  decoder_model_merged: (read) => read("model"),
};
