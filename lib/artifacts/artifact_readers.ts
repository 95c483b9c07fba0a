/** How each type of artifact is read, and in which words its form is told. @module */
import type { ArtifactType } from "../pipeline/contract/stage.ts";

/** What is known of the form of a type. */
export interface ArtifactReader {
  /** What an artifact of the type is called: `a data set`. */
  readonly title: string;
  readonly isFolder?: boolean;
  /** What it consists of, for messages. */
  readonly form?: string;
  /** Reads it as those do that take it; rejects with a message for people. */
  readonly read?: (path: string) => Promise<unknown>;
}

/** Readers by type; each loads its code when it is asked. */
export const readersOf: Readonly<Record<ArtifactType, ArtifactReader>> = {
  dataset: {
    title: "a data set",
    isFolder: true,
    form: "a data set is a folder with dataset.json, rows.jsonl and images.safetensors",
    read: async (path) => (await import("../data/dataset_folder.ts")).readDatasetFolder(path),
  },
  model: {
    title: "a model",
    isFolder: true,
    form:
      "a model is a folder with config.json, preprocessor_config.json, tokenizer.json and onnx/*.onnx",
    read: async (path) => (await import("./read_model.ts")).readModelFolder(path),
  },
  prompt: {
    title: "a prompt",
    form: 'a prompt is a safetensors file with a float32 tensor "delta" and metadata "prompt"',
    read: async (path) => {
      const { decodePrompt } = await import("../prompts/prompt_file.ts");
      return decodePrompt(await Deno.readFile(path));
    },
  },
  scores: {
    title: "scores",
    form: "scores are what transfer-evaluate writes: one answer a row, and their mean",
    read: async (path) => (await import("./read_scores.ts")).readScores(path),
  },
  curve: {
    title: "a curve",
    form: "a curve is what optimize-prompt writes: the loss, step by step",
    read: async (path) => (await import("./read_scores.ts")).readCurve(path),
  },
  answers: {
    title: "answers",
    form: "answers are one JSON object a line",
    read: async (path) => (await import("./read_json.ts")).readJsonLines(path),
  },
  tensor: {
    title: "a tensor",
    form: "a tensor is a safetensors file",
    read: async (path) => {
      const { decodeSafetensors } = await import("../tensor/safetensors.ts");
      return decodeSafetensors(await Deno.readFile(path));
    },
  },
  json: { title: "JSON", read: async (path) => (await import("./read_json.ts")).readJson(path) },
  text: { title: "text" },
  file: { title: "a file" },
  directory: { title: "a folder", isFolder: true },
};
