/** Small models with random weights, in directories of their own. @module */
import { join } from "@std/path";
import { clipFiles, planClip } from "../../lib/zoo/clip_files.ts";
import { multimodalFiles, planMultimodal } from "../../lib/zoo/multimodal_files.ts";
import { seededWeights } from "../../lib/zoo/module.ts";
import { zooArchitectures } from "../../lib/zoo/zoo_table.ts";
import { writeDirectory } from "../../lib/training/write_directory.ts";

const corpus = ["this is a photo of a cat or a dog", "what is it? a bird, a cat, a dog"];
const pixels = { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25] };
const vision = {
  model_type: "clip_vision_model",
  image_size: 16,
  patch_size: 8,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  hidden_act: "quick_gelu",
  stem: "convnext",
} as const;

/** Writes a multimodal model on images of 16 pixels. @returns Its path. */
export async function writeTinyModel(
  folder: string,
  name: keyof typeof zooArchitectures,
  seed = 0,
): Promise<string> {
  const architecture = zooArchitectures[name];
  const plan = planMultimodal(architecture, { vision, corpus, pixels });
  const path = join(folder, `${name}-${seed}`);
  await writeDirectory(path, multimodalFiles(plan, seededWeights(seed)));
  return path;
}

/** Writes a CLIP. @returns Its path. */
export async function writeTinyClip(folder: string, seed = 0): Promise<string> {
  const path = join(folder, `clip-${seed}`);
  await writeDirectory(path, clipFiles(planClip({ corpus, pixels }), seededWeights(seed)));
  return path;
}
