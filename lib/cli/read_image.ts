/** Reads prompts and images for commands. Every fault of a file becomes a diagnostic. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { readRegularFile } from "../cache/disk/regular_file.ts";
import { isSystemError } from "../cache/disk/system_error.ts";
import type { Prompt } from "../artifacts/prompt.ts";

/** An image as bytes: u8 [3, height, width]. */
export interface ImageFile {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** A square image, and what was left out of one that was none. */
export interface SquareImage {
  readonly pixels: Uint8Array;
  readonly side: number;
  readonly note?: string;
}

/** A file's bytes through a reader. @throws {DiagnosticError} For what the reader refuses. */
export async function readThrough<T>(
  path: string,
  what: "prompt" | "image",
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

/** Reads an image file. */
export async function readImage(path: string): Promise<ImageFile> {
  const { decodeImage } = await import("../vision/decode_image.ts");
  const { data, dims } = await readThrough(path, "image", decodeImage);
  const [, height, width] = dims as [number, number, number];
  return { pixels: data, height, width };
}

/** The largest square in the middle of an image. */
export function middleSquare({ pixels, height, width }: ImageFile): SquareImage {
  if (height === width) return { pixels, side: height };
  const side = Math.min(height, width);
  const [top, left] = [Math.floor((height - side) / 2), Math.floor((width - side) / 2)];
  const square = new Uint8Array(3 * side * side);
  for (let i = 0; i < square.length; i++) {
    const [x, row] = [i % side, Math.floor(i / side)];
    const [y, channel] = [row % side, Math.floor(row / side)];
    square[i] = pixels[(channel * height + top + y) * width + left + x]!;
  }
  const note = `the image has ${width}×${height} pixels, its middle ${side}×${side} are used`;
  return { pixels: square, side, note };
}
