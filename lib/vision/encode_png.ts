/** Encodes images as PNG. @module */

/** Interleaved RGB bytes of planes; values outside of [0, 1] are clipped. */
export function bytesOf(planes: Float32Array): Uint8Array {
  const pixels = planes.length / 3;
  const rgb = new Uint8Array(planes.length);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < pixels; i++) {
      rgb[3 * i + c] = Math.round(255 * Math.min(1, Math.max(0, planes[c * pixels + i]!)));
    }
  }
  return rgb;
}

/**
 * Encodes planes as an RGB PNG.
 *
 * @param planes float32 [3, height, width] in [0, 1]; values outside are clipped.
 */
export async function encodePng(
  planes: Float32Array,
  size: { readonly height: number; readonly width: number },
): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  return await sharp(bytesOf(planes), { raw: { ...size, channels: 3 } }).png().toBuffer();
}
