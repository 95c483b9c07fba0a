/** Reads the special tokens that configurations name. @module */
import { type Json, objectIn } from "./families/family.ts";

/** Special tokens of tokenizer_config.json by their names there: `bos_token`, `image_token`, … */
export function specialTokenTexts(config: Json): Readonly<Record<string, string>> {
  const places = [
    objectIn(config, "extra_special_tokens"),
    objectIn(config, "model_specific_special_tokens"),
    config,
  ];
  return Object.fromEntries(places.flatMap((place) => Object.entries(place).flatMap(namedToken)));
}

/** An entry of a special token; a file may have a million others. */
function namedToken([name, token]: [string, unknown]): [string, string][] {
  if (!name.endsWith("_token")) return [];
  const text = typeof token === "string" ? token : Object(token).content;
  return typeof text === "string" ? [[name, text]] : [];
}
