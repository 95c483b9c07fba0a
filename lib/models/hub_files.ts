/** The files of a hub's model that are needed to use it. @module */
import type { HubFile, HubListing } from "../hub/hub_listing.ts";
import { isUsed, partOf, suffixOrder, type WeightChoice } from "./weight_types.ts";

/** Configurations, tokenizers and chat templates. */
const textFile = /^(?:(?:qformer_tokenizer|additional_chat_templates)\/)?[^/]+\.(?:json|jinja)$/;

/** The files that say how a model is used, of any listing. */
export function textFiles({ files }: HubListing): readonly HubFile[] {
  return [...files.values()].filter(({ name }) => textFile.test(name));
}

/**
 * The graphs of a listing that a directory is opened with, one for each part: with the weights asked
 * for, else as the part is; where none are asked for, of the first type that there is.
 */
export function graphFiles(
  { files }: HubListing,
  weights?: WeightChoice,
): readonly HubFile[] {
  const stems = [...files.keys()].flatMap((name) => /^onnx\/([^/]+)\.onnx$/.exec(name)?.[1] ?? []);
  const parts = new Set(stems.map(partOf));
  return [...parts].filter((part) => isUsed(part, parts)).flatMap((part) => {
    const found = suffixOrder(part, weights).map((suffix) =>
      files.get(`onnx/${part}${suffix}.onnx`)
    );
    return found.find((file) => file !== undefined) ?? [];
  });
}
