/**
 * The normalizer that SentencePiece compiles into a table of bytes: a double-array trie of what is
 * replaced, and the texts that are put in its place.
 *
 * @module
 */
import { TokenizerPartError } from "./definition.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Longest cluster of characters that is looked up as one, in bytes. */
const longestCluster = 5;

/**
 * Makes the normalizer.
 *
 * @param table In base64.
 * @throws {TokenizerPartError} If it is cut off.
 */
export function precompiled(table: string): (text: string) => string {
  if (table === "") return (text) => text;
  const bytes = bytesOf(table);
  const view = new DataView(bytes.buffer);
  const size = bytes.length < 4 ? NaN : view.getUint32(0, true);
  if (!(size % 4 === 0 && 4 + size <= bytes.length)) {
    throw new TokenizerPartError("the precompiled_charsmap of its normalizer is cut off");
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + size);
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
  const known = new Map<string, string | undefined>();
  const lookUp = (part: string) => {
    if (!known.has(part)) known.set(part, replacementOf(part, units, texts));
    return known.get(part);
  };
  return (text) =>
    Array.from(segmenter.segment(text), ({ segment }) => {
      const isShort = encoder.encode(segment).length <= longestCluster;
      return (isShort ? lookUp(segment) : undefined) ??
        Array.from(segment, (character) => lookUp(character) ?? character).join("");
    }).join("");
}

function bytesOf(table: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(table), (character) => character.charCodeAt(0));
  } catch {
    throw new TokenizerPartError("the precompiled_charsmap of its normalizer is not base64");
  }
}

/** What the shortest beginning of a text that is in the trie becomes; undefined where none is. */
function replacementOf(part: string, units: Uint32Array, texts: Uint8Array): string | undefined {
  const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
  let node = offsetOf(units[0] ?? 0);
  for (const byte of encoder.encode(part)) {
    if (byte === 0) return undefined;
    node ^= byte;
    const unit = units[node] ?? 0;
    if (((unit & 0x800000ff) >>> 0) !== byte) return undefined;
    node ^= offsetOf(unit);
    if ((unit & 0x100) === 0) continue;
    const start = (units[node] ?? 0) & 0x7fffffff;
    const end = texts.indexOf(0, start);
    return decoder.decode(texts.subarray(start, end < 0 ? undefined : end));
  }
  return undefined;
}
