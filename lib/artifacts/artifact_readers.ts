/** Reads each type of artifact, as the stages that take it do. @module */
import type { ArtifactType } from "../pipeline/contract/stage.ts";

/** Reads an artifact; rejects with a message for people. */
export type ArtifactReader = (path: string) => Promise<unknown>;

/** Readers by type; each loads its code when it is asked. Of the other types nothing is known. */
export const artifactReaders: Readonly<Partial<Record<ArtifactType, ArtifactReader>>> = {
  dataset: async (path) => (await import("../data/dataset_folder.ts")).openDatasetFolder(path),
  model: async (path) => (await import("./model.ts")).readModelFolder(path),
  prompt: async (path) => (await import("./prompt.ts")).readPrompt(path),
  scores: async (path) => (await import("./scores.ts")).readScores(path),
  curve: async (path) => (await import("./curve.ts")).readCurve(path),
  cost: async (path) => (await import("./cost.ts")).readCost(path),
  estimate: async (path) => (await import("./estimate.ts")).readEstimate(path),
  features: async (path) => (await import("./features.ts")).readFeatures(path),
  answers: async (path) => (await import("./json.ts")).readJsonLines(path),
  tensor: async (path) => {
    const { decodeSafetensors } = await import("../tensor/safetensors.ts");
    return decodeSafetensors(await Deno.readFile(path));
  },
  json: async (path) => (await import("./json.ts")).readJson(path),
};
