import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { decodeImage, imageLimits } from "../../lib/vision/decode_image.ts";
import { encodePng } from "../../lib/vision/encode_png.ts";

Deno.test("decodeImage() reads what encodePng() wrote, channels first", async () => {
  const planes = Float32Array.from({ length: 3 * 2 * 3 }, (_, i) => i * 15 / 255);
  const image = await decodeImage(await encodePng(planes, { height: 2, width: 3 }));
  assertEquals(image.dims, [3, 2, 3]);
  assertEquals([...image.data], Array.from({ length: 18 }, (_, i) => i * 15));
});

/** 2×1 pixels: red and blue. */
const pixels = Uint8Array.of(250, 10, 10, 10, 10, 250);
const raw = { raw: { width: 2, height: 1, channels: 3 } } as const;

Deno.test("decodeImage() reads every format, of animations the first image", async () => {
  const image = sharp(pixels, raw);
  const files: Readonly<Record<string, Promise<Uint8Array>>> = {
    png: image.clone().png().toBuffer(),
    "palette png": image.clone().png({ palette: true }).toBuffer(),
    "16-bit png": image.clone().toColourspace("rgb16").png().toBuffer(),
    webp: image.clone().webp({ lossless: true }).toBuffer(),
    gif: image.clone().gif().toBuffer(),
    tiff: image.clone().tiff({ compression: "lzw" }).toBuffer(),
    "16-bit tiff": image.clone().toColourspace("rgb16").tiff({ compression: "lzw" }).toBuffer(),
    animation: sharp([
      await image.clone().png().toBuffer(),
      await image.clone().negate().png().toBuffer(),
    ], { join: { animated: true } })
      .webp({ lossless: true }).toBuffer(),
  };
  for (const [name, file] of Object.entries(files)) {
    const { dims, data } = await decodeImage(await file);
    assertEquals(dims, [3, 1, 2], name);
    assertEquals([...data], [250, 10, 10, 10, 10, 250], name);
  }
  for (const format of ["jpeg", "avif"] as const) {
    const { dims } = await decodeImage(await image.clone().toFormat(format).toBuffer());
    assertEquals(dims, [3, 1, 2], format);
  }
});

Deno.test("decodeImage() turns images as they say, and gives grey to all channels", async () => {
  const turned = await sharp(pixels, raw).withMetadata({ orientation: 6 }).png().toBuffer();
  const { dims, data } = await decodeImage(turned);
  assertEquals([dims, [...data]], [[3, 2, 1], [250, 10, 10, 10, 10, 250]]);
  const grey = sharp(Uint8Array.of(7, 200), { raw: { width: 2, height: 1, channels: 1 } });
  const one = await decodeImage(await grey.png().toBuffer());
  assertEquals([...one.data], [7, 200, 7, 200, 7, 200]);
});

Deno.test("decodeImage() blends alpha on white", async () => {
  const half = { raw: { width: 1, height: 1, channels: 4 } } as const;
  const file = await sharp(Uint8Array.of(0, 100, 200, 128), half).png().toBuffer();
  const { data } = await decodeImage(file);
  [127, 177, 227].forEach((expected, channel) => assertAlmostEquals(data[channel]!, expected, 1));
});

Deno.test("decodeImage() mixes inks as Pillow does", async () => {
  const ink = sharp({ create: { width: 8, height: 8, channels: 3, background: "#204080" } })
    .toColourspace("cmyk").tiff();
  const file = await ink.toBuffer();
  const inks = await sharp(file).pipelineColourspace("cmyk").toColourspace("cmyk").raw().toBuffer();
  const [c, m, y, k] = inks;
  const { data } = await decodeImage(file);
  const expected = [c!, m!, y!].map((value) => (255 - k!) * (255 - value) / 255);
  expected.forEach((value, channel) => assertAlmostEquals(data[64 * channel]!, value, 1));
});

/** A PNG of one bit a pixel, all black, whatever its size. */
function blackPng(width: number, height: number): Uint8Array {
  const row = Math.ceil(width / 8) + 1;
  const size = new DataView(new ArrayBuffer(13));
  [width, height].forEach((value, i) => size.setUint32(4 * i, value));
  size.setUint8(8, 1);
  const chunk = (type: string, data: Uint8Array) => {
    const body = Uint8Array.from([...new TextEncoder().encode(type), ...data]);
    const frame = new Uint8Array(body.length + 8);
    new DataView(frame.buffer).setUint32(0, data.length);
    frame.set(body, 4);
    new DataView(frame.buffer).setUint32(body.length + 4, crc32(body));
    return [...frame];
  };
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", new Uint8Array(size.buffer)),
    ...chunk("IDAT", new Uint8Array(deflateSync(new Uint8Array(row * height)))),
    ...chunk("IEND", new Uint8Array()),
  ]);
}

/** A TIFF of one pixel, without compression, whose three numbers are what `photometric` says. */
function plainTiff(photometric: number, little: boolean, isBig: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(320));
  const [header, count, entry, value] = isBig ? [16, 8, 20, 12] : [8, 2, 12, 8];
  const put = (at: number, number: number, bytes: number) =>
    bytes === 8
      ? view.setBigUint64(at, BigInt(number), little)
      : bytes === 4
      ? view.setUint32(at, number, little)
      : view.setUint16(at, number, little);
  put(0, little ? 0x4949 : 0x4d4d, 2);
  put(2, isBig ? 43 : 42, 2);
  if (isBig) put(4, 8, 2);
  put(isBig ? 8 : 4, header, isBig ? 8 : 4);
  const data = 300;
  const short = (tag: number, number: number) => [tag, 3, number] as const;
  const tags = [
    ...[short(256, 1), short(257, 1), short(258, 8), short(259, 1), short(262, photometric)],
    ...[short(273, data), short(277, 3), short(278, 1), short(279, 3), short(530, 1)],
  ];
  put(header, tags.length, count);
  for (const [i, [tag, type, number]] of tags.entries()) {
    const at = header + count + i * entry;
    put(at, tag, 2);
    put(at + 2, type, 2);
    put(at + 4, tag === 530 ? 2 : 1, isBig ? 8 : 4);
    put(at + value, number, 2);
    if (tag === 530) put(at + value + 2, 1, 2); // colours are not subsampled
  }
  [250, 10, 20].forEach((byte, i) => view.setUint8(data + i, byte));
  return new Uint8Array(view.buffer);
}

for (
  const [little, isBig] of [[true, false], [false, false], [true, true], [false, true]] as const
) {
  const name = `${little ? "II" : "MM"}, ${isBig ? "BigTIFF" : "TIFF"}`;
  Deno.test(`decodeImage() refuses plain YCbCr, whose numbers would be taken for RGB: ${name}`, async () => {
    const rgb = await decodeImage(plainTiff(2, little, isBig));
    assertEquals([...rgb.data], [250, 10, 20]);
    const message = "its colours are YCbCr without JPEG compression; save it in RGB";
    await assertRejects(() => decodeImage(plainTiff(6, little, isBig)), SyntaxError, message);
  });
}

Deno.test("decodeImage() says what is wrong with a file", async () => {
  const png = await encodePng(new Float32Array(3 * 400), { height: 20, width: 20 });
  const text = (content: string) => new TextEncoder().encode(content);
  const cases: readonly [Uint8Array, string][] = [
    [new Uint8Array(0), "the file is empty"],
    [new Uint8Array(10), "the file is not an image: PNG, JPEG, WebP, GIF, AVIF, TIFF can be read"],
    [text("<html>not found</html>"), "the file is a web page"],
    [text('<?xml version="1.0"?><svg width="9"/>'), "the file is an SVG drawing"],
    [text("version https://git-lfs.github.com/spec/v1\n"), "a pointer of Git LFS"],
    [png.subarray(0, 50), "the PNG file is damaged, cut off or not supported"],
    [blackPng(16000, 16000), "it has 16000×16000 pixels; at most 48 Mi can be read"],
    [blackPng(1, imageLimits.side + 1), `it has 1×${imageLimits.side + 1} pixels`],
  ];
  for (const [bytes, message] of cases) {
    await assertRejects(() => decodeImage(bytes), SyntaxError, message);
  }
});
