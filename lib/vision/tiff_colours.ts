/** Tells how a TIFF file keeps its colours: the decoder takes some of them for others. @module */

/** Tags of an image, by their numbers in TIFF 6.0. */
const tags = { compression: 259, photometric: 262 };

/** Values of these tags. */
const [jpeg, ycbcr] = [7, 6];

/** Why the colours of a TIFF file would be read wrongly, if they would. */
export function colourMistake(bytes: Uint8Array): string | undefined {
  const found = firstTags(bytes);
  const isPlain = found.get(tags.compression) !== jpeg;
  if (found.get(tags.photometric) !== ycbcr || !isPlain) return undefined;
  return "its colours are YCbCr without JPEG compression; save it in RGB";
}

/** The tags of a file's first image that hold one short number; none where they lie outside of it. */
function firstTags(bytes: Uint8Array): ReadonlyMap<number, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<number, number>();
  try {
    const little = view.getUint8(0) === 0x49;
    const isBig = view.getUint16(2, little) === 43;
    const wide = (at: number) => Number(view.getBigUint64(at, little));
    const start = isBig ? wide(8) : view.getUint32(4, little);
    const count = isBig ? wide(start) : view.getUint16(start, little);
    const [head, length, value] = isBig ? [8, 20, 12] : [2, 12, 8];
    for (let i = 0; i < count; i++) {
      const at = start + head + i * length;
      found.set(view.getUint16(at, little), view.getUint16(at + value, little));
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // what is cut off, the decoder tells
  }
  return found;
}
