/** Names the ways in which an image meets a square canvas. @module */

/**
 * - `resize`: height and width are each resized, as torchvision's `Resize((s, s))` in the code of
 *   arXiv 2404.11207 does it; the default.
 * - `crop`: the largest square in the middle.
 * - `pad`: zeros above and below, or left and right, the odd pixel to the right and below.
 */
export const fits = ["resize", "crop", "pad"] as const;

/** Name of a way. */
export type Fit = typeof fits[number];
