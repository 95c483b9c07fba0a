import { assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../lib/vision/decode_image.ts";
import { encodePng } from "../../lib/vision/encode_png.ts";

Deno.test("decodeImage() reads what encodePng() wrote, channels first", async () => {
  const planes = Float32Array.from({ length: 3 * 2 * 3 }, (_, i) => i / 17);
  const image = await decodeImage(await encodePng(planes, { height: 2, width: 3 }));
  assertEquals(image.dims, [3, 2, 3]);
  assertEquals([...image.data], Array.from(planes, (value) => Math.round(value * 255)));
});

Deno.test("decodeImage() blends alpha on white", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1">' +
    '<rect width="1" height="1" fill="#f00" fill-opacity="0.5"/></svg>';
  const { data } = await decodeImage(new TextEncoder().encode(svg));
  assertEquals([data[0], Math.abs(data[1]! - 127) <= 1, data[1] === data[2]], [255, true, true]);
});

Deno.test("decodeImage() rejects bytes that are no picture", async () => {
  await assertRejects(
    () => decodeImage(new Uint8Array(10)),
    SyntaxError,
    "Cannot decode image of 10 bytes: ",
  );
});
