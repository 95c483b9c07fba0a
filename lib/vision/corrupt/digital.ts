/** Digital corruptions: contrast, distortion, low resolution, compression. @module */
import { decodeImage } from "../decode_image.ts";
import { encodeJpeg } from "../encode_jpeg.ts";
import { resizePlanes } from "../resize.ts";
import { type Corruption, corruption, type Subject } from "./corruption.ts";
import { sampleAt, smooth } from "./sample.ts";

/** Distances from the mean of every channel, made smaller. */
export const contrast: Corruption = corruption(
  "low contrast",
  [0.4, 0.3, 0.2, 0.1, 0.05],
  ({ image, size }, factor) => {
    const area = size.height * size.width;
    const means = [0, 1, 2].map((c) =>
      image.subarray(c * area, (c + 1) * area).reduce((sum, x) => sum + x, 0) / area
    );
    return image.map((x, i) => {
      const mean = means[Math.floor(i / area)]!;
      return mean + factor * (x - mean);
    });
  },
);

/** A smooth random field of displacements with mean square 1. */
function displacements({ size, scale, random }: Subject): Float32Array {
  const noise = Float32Array.from({ length: size.height * size.width }, () => random.normal());
  const field = smooth(noise, size, 3 * scale);
  const rms = Math.sqrt(field.reduce((sum, x) => sum + x * x, 0) / field.length);
  return field.map((x) => x / rms);
}

/**
 * Pixels moved by a smooth random field. Root mean square in pixels of 64; the strengths are ours, as
 * the published ones change two things at once and do not rise evenly.
 */
export const elasticTransform: Corruption = corruption(
  "stretched and squeezed",
  [0.7, 1, 1.4, 1.9, 2.5],
  (subject, amount) => {
    const { image, size, scale } = subject;
    const [dx, dy] = [displacements(subject), displacements(subject)];
    return sampleAt(image, size, (x, y) => [
      x + amount * scale * dx[y * size.width + x]!,
      y + amount * scale * dy[y * size.width + x]!,
    ]);
  },
);

/** Resized to a share of the side and back, by area. */
export const pixelate: Corruption = corruption(
  "few pixels",
  [0.9, 0.8, 0.7, 0.6, 0.5],
  ({ image, size: whole }, share) => {
    const smaller = (side: number) => Math.max(1, Math.floor(side * share));
    const small = { height: smaller(whole.height), width: smaller(whole.width) };
    const few = resizePlanes(image, { from: whole, to: small, filter: "box" });
    return resizePlanes(few, { from: small, to: whole, filter: "box" });
  },
);

/** Through a JPEG file of a quality. */
export const jpegCompression: Corruption = corruption(
  "JPEG of low quality",
  [65, 58, 50, 40, 25],
  async ({ image, size }, quality) => {
    const file = await encodeJpeg(image, size, quality);
    const { data } = await decodeImage(file);
    return Float32Array.from(data, (byte) => byte / 255);
  },
);
