/** The models in `zoo/`, and images to try them on. @module */
import { type LanguageModelDirectory, openModelDirectory } from "../../lib/models/directory.ts";
import { Random } from "../../lib/tensor/random.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

const root = new URL("../../zoo/", import.meta.url);

/** Path of a model of the zoo. */
export const zooPath = (name: string): string => new URL(name, root).pathname;

/** What there is of the zoo. */
export interface Zoo {
  readonly directories: readonly LanguageModelDirectory[];
  readonly hasClip: boolean;
  /** Why there is nothing, where that is so. */
  readonly notes: readonly string[];
}

/** Opens the multimodal models of the zoo that are complete. */
export async function openZoo(): Promise<Zoo> {
  const names = await namesIn(root);
  const directories: LanguageModelDirectory[] = [];
  for (const name of names) {
    const directory = await openModelDirectory(zooPath(name), { name }).catch(() => undefined);
    if (directory !== undefined) directories.push(directory);
  }
  const notes = directories.length > 0 ? [] : ["skipped: there is no complete model in zoo/"];
  return { directories, hasClip: names.includes("mini-clip"), notes };
}

async function namesIn(folder: URL): Promise<readonly string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter((entry) => entry.isDirectory).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Ten answers, which the likelihood is taken over. */
export const classes = [
  ...["airplane", "automobile", "bird", "cat", "deer"],
  ...["dog", "frog", "horse", "ship", "truck"],
];

/** The recognition instruction of arXiv 2404.11207. */
export const instruction = "This is a photo of a";

/** Images of noise: what is in them does not change the time. */
export function noiseImages(count: number, side: number) {
  const random = new Random("bench pictures");
  const images = Uint8Array.from({ length: count * 3 * side * side }, () => random.integer(256));
  return tensor("uint8", [count, 3, side, side], images);
}
