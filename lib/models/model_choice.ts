/** Reads the choice of a model: a name, or a name with the wanted weights. @module */
import { shownWeights, type WeightChoice, weightsMistake } from "./weight_types.ts";
import { boundedJson } from "../trust/bounded_json.ts";

/** A model, and which of its weights. */
export interface ModelChoice {
  /** `zoo/NAME`, `hf://OWNER/NAME`, or a path. */
  readonly model: string;
  readonly weights?: WeightChoice;
}

/**
 * A name as it is, or a map `{ model, weights }` as JSON.
 *
 * @returns What is wrong with it, where it is neither.
 */
export function parseModelChoice(text: string): ModelChoice | string {
  if (!text.startsWith("{")) return { model: text };
  let value: unknown;
  try {
    value = boundedJson(text);
  } catch {
    return "it is not a map { model: NAME, weights: TYPE }";
  }
  const { model, weights, ...others } = Object(value) as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `it has the key "${unknown}", expected model and weights`;
  if (typeof model !== "string") {
    return `its model is ${JSON.stringify(model) ?? "absent"}, expected a name`;
  }
  if (weights === undefined) return { model };
  return weightsMistake(weights) ?? { model, weights: weights as WeightChoice };
}

/** As reports name it: `hf://owner/name (decoder q4)`. */
export function shownModel({ model, weights }: ModelChoice): string {
  return weights === undefined ? model : `${model} (${shownWeights(weights)})`;
}

/**
 * `q4`, or `vision_encoder=fp32,decoder=q4f16`, as the command line writes a choice of weights.
 *
 * @returns What is wrong with it, if it is not a choice.
 */
export function parseWeights(text: string): { readonly weights: WeightChoice } | string {
  const pairs = text.split(",").map((pair) => pair.split("=").map((side) => side.trim()));
  const [first] = pairs;
  const value = pairs.length === 1 && first?.length === 1
    ? first[0]!
    : Object.fromEntries(pairs.map(([part = "", type = ""]) => [part, type]));
  return weightsMistake(value) ?? { weights: value as WeightChoice };
}
