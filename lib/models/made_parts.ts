/** How the usual parts are made where a directory has others, by name. @module */
import type { MadeParts, MadePartsName } from "./families/family.ts";
import { imageToTextParts } from "./image_to_text_parts.ts";

/** What {@link Family.parts} names. */
export const madeParts: Readonly<Record<MadePartsName, MadeParts>> = {
  "image-to-text": imageToTextParts,
};
