/** How the usual parts are made where a directory has others, by name. @module */
import type { MadeParts, MadePartsName } from "./families/family.ts";
import { imageToTextParts } from "./image_to_text_parts.ts";
import { multiModalityParts } from "./multi_modality_parts.ts";
import { preparedEmbeddingsParts } from "./prepared_embeddings_parts.ts";

/** What {@link Family.parts} names. */
export const madeParts: Readonly<Record<MadePartsName, MadeParts>> = {
  "image-to-text": imageToTextParts,
  "multi-modality": multiModalityParts,
  "prepared-embeddings": preparedEmbeddingsParts,
};
