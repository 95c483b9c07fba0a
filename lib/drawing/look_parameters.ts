/** Parameters that drawn data sets share: how large, how cluttered and how noisy images are. @module */
import { z } from "zod";

const positive = z.number().positive();

/** Edge of what is drawn, relative to the image, from and to. */
export const scaleParameter = (from: number, to: number, of = "the drawing") =>
  z.tuple([positive, positive]).default([from, to])
    .describe(`Edge of ${of} relative to the image, from and to`);

/** Edge of each drawing of a scene, relative to a quarter of the image. */
export const sceneScaleParameter = z.tuple([positive, positive]).default([0.85, 1.1])
  .describe("Edge of each drawing relative to a quarter of the image, from and to");

/** Strength of blobs on the background. */
export const clutterParameter = (most: number) =>
  z.number().min(0).default(most).describe("Largest strength of blobs on the background");

/** Noise of pixels. */
export const noiseParameter = (most: number) =>
  z.number().min(0).default(most).describe("Largest deviation of pixel noise");
