/**
 * Recognises image files by their names. Their bytes decide later what they really are.
 *
 * @module
 */
import { editDistance } from "../diagnostic/suggest.ts";

/** Endings of files that are taken for images; of those that are not read, the decoder says so. */
const imageEnding =
  /\.(?:jpe?g|jpe|jfif|pjpe?g|png|webp|gif|avif|tiff?|bmp|hei[cf]|svg|jxl|jp2|p[bgnp]m)$/i;

/** Whether a file is meant to be an image. */
export const isImageName = (name: string): boolean => imageEnding.test(name);

/** Files and folders that systems leave behind. */
const hiddenName =
  /^(?:\.|(?:__MACOSX|Thumbs\.db|desktop\.ini|@eaDir|\$RECYCLE\.BIN|System Volume Information|lost\+found)$)/i;

/** Whether a file or folder is a system's, not the user's. */
export const isHiddenName = (name: string): boolean => hiddenName.test(name);

/** What publishers and people call the three splits. */
const splitNames = {
  train: /^train(?:ing)?$/i,
  validation: /^(?:val(?:id(?:ation)?)?|dev)$/i,
  test: /^test(?:ing)?$/i,
} as const;

/** The split that a name represents, if it does. */
export function splitOfName(name: string): keyof typeof splitNames | undefined {
  const found = Object.entries(splitNames).find(([, pattern]) => pattern.test(name));
  return found?.[0] as keyof typeof splitNames | undefined;
}

/** Names of splits, for those who misspell one. */
const knownSplits = ["train", "training", "validation", "valid", "val", "dev", "test", "testing"];

/** The name of a split that a name, which is none, is meant for: one letter of three may be wrong. */
export function nearSplit(name: string): string | undefined {
  const lower = name.toLowerCase();
  return knownSplits.find((known) => editDistance(lower, known) <= known.length / 3);
}
