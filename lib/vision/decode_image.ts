/** Picture files to pixels: the only door to the image decoder for files. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";

/**
 * Decodes a PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG file to RGB; alpha is blended on white.
 *
 * @returns `[3, height, width]`, turned as its EXIF orientation says.
 * @throws {SyntaxError} If the bytes are no picture.
 */
export async function decodeImage(bytes: Uint8Array): Promise<Tensor<"uint8">> {
  const { default: sharp } = await import("sharp");
  const image = sharp(bytes).autoOrient().flatten({ background: "white" }).toColourspace("srgb");
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true }).catch((error) => {
    throw new SyntaxError(
      `Cannot decode image of ${bytes.length} bytes: ${(error as Error).message}`,
    );
  });
  const area = info.height * info.width;
  const planes = new Uint8Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    const from = info.channels === 1 ? 0 : channel; // greyscale has one plane for all
    for (let i = 0; i < area; i++) planes[channel * area + i] = data[i * info.channels + from]!;
  }
  return tensor("uint8", [3, info.height, info.width], planes);
}
