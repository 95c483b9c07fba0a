/** Names each type of artifact, and describes its form for messages. @module */
import type { ArtifactType } from "../pipeline/contract/stage.ts";

/** What is known of the form of a type. */
export interface ArtifactForm {
  /** What an artifact of the type is called: `a data set`. */
  readonly title: string;
  readonly isFolder?: boolean;
  /** What it consists of: `a tensor is a safetensors file`. */
  readonly form?: string;
}

/** Forms by type. */
export const artifactForms = {
  dataset: {
    title: "a data set",
    isFolder: true,
    form: "a data set is a folder with dataset.json, rows.jsonl and images.safetensors",
  },
  model: {
    title: "a model",
    isFolder: true,
    form:
      "a model is a folder with config.json, preprocessor_config.json, tokenizer.json and onnx/*.onnx",
  },
  prompt: {
    title: "a prompt",
    form: 'a prompt is a safetensors file with a float32 tensor "delta" and metadata "prompt"',
  },
  scores: {
    title: "scores",
    form: "scores are written by transfer-evaluate: one answer per row, and the mean of the hits",
  },
  curve: {
    title: "a curve",
    form: "a curve is written by optimize-prompt: the loss of every step",
  },
  cost: {
    title: "a cost",
    form: "a cost is written by measure-cost: operations, time and memory of a training step",
  },
  estimate: {
    title: "an estimate",
    form: "an estimate is written by estimate-transfer: cosines of gradients, changes of features",
  },
  features: {
    title: "features",
    form: 'features are a safetensors file with the tensors "features" float32 [rows, width] and ' +
      '"labels" int32 [rows], and the metadata model, method, task and classes (a JSON list)',
  },
  answers: { title: "answers", form: "answers are one JSON object a line" },
  tensor: { title: "a tensor", form: "a tensor is a safetensors file" },
  json: { title: "JSON" },
  text: { title: "text" },
  file: { title: "a file" },
  directory: { title: "a folder", isFolder: true },
} satisfies Record<ArtifactType, ArtifactForm>;
