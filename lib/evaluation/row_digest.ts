/**
 * Digest of a row: equal for the same image, instruction and answer, wherever they are.
 *
 * @module
 */

/** The parts of a row that a model's answer is judged by. */
export interface Question {
  /** u8, NCHW. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly instruction: string;
  readonly answer: string;
}

/** Number of hexadecimal digits: 64 bits distinguish rows. */
const digits = 16;

/** The start of the sha256 of a row's content; its id and cluster are names and not in it. */
export async function rowDigest(question: Question): Promise<string> {
  const { pixels, height, width, instruction, answer } = question;
  const text = new TextEncoder().encode(JSON.stringify([height, width, instruction, answer]));
  const content = new Uint8Array(text.length + pixels.length);
  content.set(text);
  content.set(pixels, text.length);
  const digest = await crypto.subtle.digest("SHA-256", content);
  return new Uint8Array(digest).toHex().slice(0, digits);
}
