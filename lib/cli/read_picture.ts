/** Reads prompts and pictures for commands. Every fault of a file becomes a diagnostic. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { readRegularFile } from "../cache/disk/regular_file.ts";
import { isSystemError } from "../cache/disk/system_error.ts";
import type { Prompt } from "../artifacts/prompt.ts";

/** A picture as bytes: u8 [3, height, width]. */
export interface Picture {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** A square picture, and what was left out of one that was none. */
export interface SquarePicture {
  readonly images: Uint8Array;
  readonly side: number;
  readonly note?: string;
}

/** A file's bytes through a reader. @throws {DiagnosticError} For what the reader refuses. */
export async function readThrough<T>(
  path: string,
  what: "prompt" | "picture",
  read: (bytes: Uint8Array) => T | Promise<T>,
): Promise<T> {
  try {
    return await read(readRegularFile(path));
  } catch (error) {
    const known = error instanceof SyntaxError || error instanceof RangeError ||
      isSystemError(error);
    if (!known) throw error;
    const cause = error instanceof Deno.errors.NotFound ? "there is no such file" : error.message;
    throw diagnosticError(`${what}-unreadable`, `Cannot use ${what} "${path}": ${cause}`);
  }
}

/** Reads a prompt file. */
export async function readPrompt(path: string): Promise<Prompt> {
  const { decodePrompt } = await import("../artifacts/prompt.ts");
  return await readThrough(path, "prompt", decodePrompt);
}

/** Reads a picture file. */
export async function readPicture(path: string): Promise<Picture> {
  const { decodeImage } = await import("../vision/decode_image.ts");
  const { data, dims } = await readThrough(path, "picture", decodeImage);
  const [, height, width] = dims as [number, number, number];
  return { images: data, height, width };
}

/** The largest square in the middle of a picture. */
export function middleSquare({ images, height, width }: Picture): SquarePicture {
  if (height === width) return { images, side: height };
  const side = Math.min(height, width);
  const [top, left] = [Math.floor((height - side) / 2), Math.floor((width - side) / 2)];
  const square = new Uint8Array(3 * side * side);
  for (let i = 0; i < square.length; i++) {
    const [x, row] = [i % side, Math.floor(i / side)];
    const [y, channel] = [row % side, Math.floor(row / side)];
    square[i] = images[(channel * height + top + y) * width + left + x]!;
  }
  const note = `the picture has ${width}×${height} pixels, its middle ${side}×${side} are used`;
  return { images: square, side, note };
}
