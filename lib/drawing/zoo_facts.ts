/** Images of the zoo's world, what is on them, and how they are drawn. @module */
import type { ArtStyle } from "./art.ts";
import type { ChangeName } from "./changes/change_table.ts";

/** A drawing or digit on an image. */
export interface Sight {
  /** Index in the world's names. */
  readonly concept: number;
  /** Index in the world's kinds. */
  readonly kindIndex: number;
}

/** What is on an image. */
export interface Fact extends Sight {
  /** One drawing, copies of one, several that may differ, or a digit. */
  readonly kind: "single" | "multiple" | "scene" | "digit";
  /** Everything on it; of a scene, `concept` and `kindIndex` are any one of these. */
  readonly sights: readonly Sight[];
  /** Index in `colourNames` of the background, or -1 where it has no name. */
  readonly colour: number;
  /** Number of sights, 1 to 4. */
  readonly count: number;
  /** Art style of the drawing, or `typeset`. */
  readonly style: ArtStyle | "typeset";
  /** Whether the image is shrunk and zero padded, as a frame prompt will find it. */
  readonly shrunk: boolean;
}

/** How images are drawn. */
export interface ImageOptions {
  /** Edge of a single drawing relative to the canvas. Default 0.3 to 1.3. */
  readonly scale?: readonly [number, number];
  /** Share of images of a typeset digit. Default 0.2. */
  readonly digits?: number;
  /** Share of images with 1 to 4 copies of a drawing. Default 0.1. */
  readonly multiples?: number;
  /** Share of images with 2 to 4 drawings that may differ. Default 0.2. */
  readonly scenes?: number;
  /** Share of images that are shrunk and padded. Default 0.25. */
  readonly shrunk?: number;
  /** Edge of a shrunk image in pixels. Default 48. */
  readonly image?: number;
  /** Largest strength of blobs on the background. Default 0.15. */
  readonly clutter?: number;
  /** Largest deviation of pixel noise. Default 0.06. */
  readonly noise?: number;
  /** Changes that are made to some of the images. Default none. */
  readonly changes?: readonly ChangeName[];
}

/** Images and what is on them. */
export interface Batch {
  /** `[n, 3, 64, 64]`, from 0 to 1; what changes put around an image may lie beyond. */
  readonly images: Float32Array;
  readonly facts: readonly Fact[];
}
