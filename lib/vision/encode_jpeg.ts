/** Encodes images as JPEG. @module */
import { bytesOf } from "./encode_png.ts";

/**
 * Encodes planes as a JPEG with halved colour resolution (4:2:0).
 *
 * @param planes float32 [3, height, width] in [0, 1]; values outside are clipped.
 * @param quality From 1 to 100.
 */
export async function encodeJpeg(
  planes: Float32Array,
  size: { readonly height: number; readonly width: number },
  quality: number,
): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const raw = { ...size, channels: 3 } as const;
  return await sharp(bytesOf(planes), { raw })
    .jpeg({ quality, chromaSubsampling: "4:2:0", optimiseCoding: false }).toBuffer();
}
