/** Decodes image files to pixels. Only this file calls the image decoder for files. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { withinAwake } from "./awake_limit.ts";
import { formatOf, type ImageFormat, strangerTitle } from "./image_formats.ts";
import type { ImageSize } from "./resize.ts";

/** The bytes are not an image that is read; the message says why. */
export class ImageError extends SyntaxError {
  override readonly name = "ImageError";
}

/**
 * How much an image may ask for. A file of some kB can hold as many pixels as memory has bytes, and
 * every pixel costs up to 16 bytes on its way to a model.
 */
export const imageLimits = {
  /** Bytes of a file. */
  fileBytes: 128 * 2 ** 20,
  /** Pixels, 48 Mi: a photo of 8192×6144. */
  pixels: 48 * 2 ** 20,
  /** Longest side in pixels. */
  side: 2 ** 15,
  /** Seconds that decoding may take. */
  seconds: 10,
};

const failure = (cause: string, options?: ErrorOptions) =>
  new ImageError(`Cannot decode image: ${cause}`, options);

/**
 * Decodes a PNG, JPEG, WebP, GIF, AVIF or TIFF file to RGB, 8 bits a channel, of an animation the
 * first image; alpha is blended on white. Colours are as Pillow gives them.
 *
 * @returns `[3, height, width]`, turned as its EXIF orientation says.
 * @throws {SyntaxError} If the bytes are not an image, are damaged or cut off, or ask for more than
 * {@linkcode imageLimits} allows.
 */
export async function decodeImage(bytes: Uint8Array): Promise<Tensor<"uint8">> {
  return planesOf(await guarded(readableFormat(bytes), () => readPixels(bytes)));
}

function readableFormat(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) throw failure("the file is empty");
  if (bytes.length > imageLimits.fileBytes) {
    throw failure(
      `the file has ${bytes.length} bytes, at most ${imageLimits.fileBytes} can be read`,
    );
  }
  const format = formatOf(bytes);
  if (format === undefined) throw failure(`the file is ${strangerTitle(bytes)}`);
  const mistake = format.mistake?.(bytes);
  if (mistake !== undefined) throw failure(mistake);
  return format;
}

/**
 * The size of an image, turned as its EXIF orientation says. All of it is decoded, a strip at a time,
 * so that a damaged one is found, and a large one takes little memory.
 *
 * @throws {SyntaxError} As {@linkcode decodeImage}.
 */
export async function measureImage(bytes: Uint8Array): Promise<ImageSize> {
  const format = readableFormat(bytes);
  return await guarded(format, async () => {
    const { default: sharp } = await import("sharp");
    const { width, height, orientation = 1, depth } = await sharp(bytes, {
      limitInputPixels: false,
    })
      .metadata();
    checkSize({ width, height, depth });
    await sharp(bytes, { ...reading, limitInputPixels: imageLimits.pixels })
      .resize(1, 1, { fit: "fill", fastShrinkOnLoad: false, kernel: "nearest" }).raw().toBuffer();
    // From 5 on the image lies on its side.
    return orientation < 5 ? { height, width } : { height: width, width: height };
  });
}

/** Interleaved pixels of 8 bits, and what is known of them. */
interface Pixels {
  readonly data: Uint8Array;
  readonly info: PixelInfo;
}

interface PixelInfo {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Reads within the time limit, and puts the decoder's errors into words. */
async function guarded<T>(format: ImageFormat, read: () => Promise<T>): Promise<T> {
  await import("sharp"); // that it cannot be loaded says nothing of the image
  try {
    return await withinAwake(read, {
      seconds: imageLimits.seconds,
      late: () => failure(`it takes longer than ${imageLimits.seconds} s`),
      // The decoder can only stop between two parts of an image; this limits the time for one part too.
      gaveUp: (error) => /^timeout\b/.test((error as Error).message),
    });
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const told = (error as Error).message.split("\n")[0]!.replace(/:$/, "");
    throw failure(`the ${format.title} file is damaged, cut off or not supported (${told})`, {
      cause: error,
    });
  }
}

/**
 * As Pillow does it, by which models were trained: profiles of colours are left out of account, what is
 * merely odd in a file is not a mistake, what is cut off is one.
 */
const reading = { ignoreIcc: true, failOn: "error" } as const;

async function readPixels(bytes: Uint8Array): Promise<Pixels> {
  const { default: sharp } = await import("sharp");
  const facts = await sharp(bytes, { limitInputPixels: false }).metadata();
  checkSize(facts);
  const image = sharp(bytes, { ...reading, limitInputPixels: imageLimits.pixels })
    .timeout({ seconds: imageLimits.seconds }).autoOrient();
  const inks = facts.space === "cmyk";
  const coloured = inks
    ? image.pipelineColourspace("cmyk").toColourspace("cmyk")
    : image.flatten({ background: "white" }).toColourspace("srgb");
  const { data, info } = await coloured.raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (inks) mixInks(data);
  return { data, info };
}

/** Cyan, magenta, yellow and black to red, green, blue and nothing, as Pillow mixes them. */
function mixInks(data: Uint8Array): void {
  for (let i = 0; i < data.length; i += 4) {
    const light = 255 - data[i + 3]!;
    for (let c = i; c < i + 3; c++) data[c] = light - Math.round(data[c]! * light / 255);
  }
}

interface ImageFacts {
  readonly width: number;
  readonly height: number;
  readonly depth: string;
}

/** Depths of integers; other numbers have no scale that a file would tell. */
const depths = ["uchar", "char", "ushort", "short"];

function checkSize({ width, height, depth }: ImageFacts): void {
  if (width * height > imageLimits.pixels || Math.max(width, height) > imageLimits.side) {
    throw failure(
      `it has ${width}×${height} pixels; at most ${
        imageLimits.pixels / 2 ** 20
      } Mi can be read, and ${imageLimits.side} a side: make it smaller`,
    );
  }
  if (!depths.includes(depth)) {
    throw failure(`its pixels are of type ${depth}; 8 and 16 bits a channel can be read`);
  }
}

function planesOf({ data, info: { width, height, channels } }: Pixels): Tensor<"uint8"> {
  const area = height * width;
  const planes = new Uint8Array(3 * area);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2]; // greyscale has one plane for all
  for (let i = 0, at = 0; i < area; i++, at += channels) {
    planes[i] = data[at]!;
    planes[area + i] = data[at + green]!;
    planes[2 * area + i] = data[at + blue]!;
  }
  return tensor("uint8", [3, height, width], planes);
}
