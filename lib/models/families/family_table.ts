/** The families by `model_type`. A new family is a file and a row here. @module */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { blip2 } from "./blip_2.ts";
import type { Family, Json } from "./family.ts";
import { gemma3 } from "./gemma3.ts";
import { instructblip } from "./instructblip.ts";
import { llava } from "./llava.ts";
import { minigpt4 } from "./minigpt4.ts";
import { paligemma } from "./paligemma.ts";

const families: readonly Family[] = [llava, blip2, instructblip, minigpt4, paligemma, gemma3];

/** The `model_type`s that are known. */
export const knownModelTypes: readonly string[] = families.flatMap((f) => f.modelTypes).sort();

/**
 * The family of a model.
 *
 * @param path Of its config.json, for the message.
 * @throws {DiagnosticError} If the model type is unknown; the known ones are listed.
 */
export function familyOf(config: Json, path: string): Family {
  const type = config.model_type;
  const family = families.find((f) => typeof type === "string" && f.modelTypes.includes(type));
  if (family !== undefined) return family;
  throw new DiagnosticError([{
    code: "unknown-model-type",
    severity: "error",
    message: `Cannot open "${path}": model_type is ${JSON.stringify(type) ?? "absent"}`,
    notes: [`Known model types: ${knownModelTypes.join(", ")}`],
  }]);
}
