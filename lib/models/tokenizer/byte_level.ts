/** Bytes as printable characters, as GPT-2 writes them. @module */

const isPrintable = (byte: number) =>
  (byte > 32 && byte < 127) || (byte > 160 && byte < 256 && byte !== 173);

/** The character of each byte: its own where it is printable, else the next one from 256. */
const characters: readonly string[] = (() => {
  let next = 256;
  return Array.from(
    { length: 256 },
    (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++),
  );
})();

const bytes: ReadonlyMap<string, number> = new Map(
  characters.map((character, byte) => [character, byte]),
);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A text as characters for its bytes. */
export function bytesAsText(text: string): string {
  let written = "";
  for (const byte of encoder.encode(text)) written += characters[byte];
  return written;
}

/** The bytes of a token; those of its own text where a character of it represents none. */
export function bytesOfToken(token: string): ArrayLike<number> {
  const found = Array.from(token, (character) => bytes.get(character));
  return found.includes(undefined) ? encoder.encode(token) : found as number[];
}

/** Bytes as text; what is no text becomes �. */
export function textOfBytes(list: readonly ArrayLike<number>[]): string {
  return decoder.decode(Uint8Array.from(list.flatMap((part) => Array.from(part))));
}

/** Bytes as text, or nothing if they are not text. */
export function strictTextOfBytes(list: readonly number[]): string | undefined {
  const text = decoder.decode(Uint8Array.from(list));
  const back = encoder.encode(text);
  const same = back.length === list.length && back.every((byte, i) => byte === list[i]);
  return same ? text : undefined;
}

/** Names of the tokens of a text's bytes, such as `<0x0A>`. */
export function byteTokens(text: string): readonly string[] {
  return Array.from(
    encoder.encode(text),
    (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
}
