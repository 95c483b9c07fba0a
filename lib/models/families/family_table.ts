/** The families by `model_type`. A new family is a file and a row here. @module */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { blip2, instructblip } from "./blip_2.ts";
import type { Family, Json } from "./family.ts";
import { florence2 } from "./florence2.ts";
import { gemma3, gemma3n, gemma4 } from "./gemma3.ts";
import { idefics3 } from "./idefics3.ts";
import { internvl } from "./internvl.ts";
import { janus, multiModality } from "./janus.ts";
import { lfm2Vl } from "./lfm2_vl.ts";
import { moondream } from "./llava.ts";
import { llavaNext, llavaOnevision } from "./llava_next.ts";
import { minigpt4 } from "./minigpt4.ts";
import { paligemma } from "./paligemma.ts";
import { phi3v } from "./phi3_v.ts";
import { lightonOcr, llavaOrPixtral, mistral3 } from "./pixtral.ts";
import { paddleOcrVl, qwen2Vl } from "./qwen2_vl.ts";
import { ayaVision, cohere2Vision, gotOcr2, ovis2 } from "./tiled.ts";
import { visionEncoderDecoder } from "./vision_encoder_decoder.ts";
import { visualglm } from "./visualglm.ts";

const families: readonly Family[] = [
  llavaOrPixtral,
  mistral3,
  lightonOcr,
  moondream,
  llavaNext,
  llavaOnevision,
  blip2,
  instructblip,
  minigpt4,
  visualglm,
  paligemma,
  gemma3,
  gemma3n,
  gemma4,
  idefics3,
  qwen2Vl,
  paddleOcrVl,
  internvl,
  florence2,
  lfm2Vl,
  ayaVision,
  gotOcr2,
  cohere2Vision,
  ovis2,
  visionEncoderDecoder,
  phi3v,
  janus,
  multiModality,
];

/** The `model_type`s that are known. */
export const knownModelTypes: readonly string[] = families.flatMap((f) => f.modelTypes).sort();

/** The family of a `model_type`, if it is known. */
export function findFamily({ model_type: type }: Json): Family | undefined {
  return families.find((f) => typeof type === "string" && f.modelTypes.includes(type));
}

/**
 * The family of a model.
 *
 * @param path Of its config.json, for the message.
 * @throws {DiagnosticError} If the model type is unknown; the known ones are listed.
 */
export function familyOf(config: Json, path: string): Family {
  const family = findFamily(config);
  if (family !== undefined) return family;
  const type = JSON.stringify(config.model_type) ?? "absent";
  throw new DiagnosticError([{
    code: "unknown-model-type",
    severity: "error",
    message: `Cannot open "${path}": model_type is ${type}`,
    notes: [`Known model types: ${knownModelTypes.join(", ")}`],
  }]);
}
