import { assertEquals } from "@std/assert";
import { mirrored } from "../../lib/vision/mirror.ts";

Deno.test("mirrored() swaps left and right of every row", () => {
  const images = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  const expected = Uint8Array.of(3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10);
  assertEquals(mirrored({ data: images, height: 2, width: 3 }), {
    data: expected,
    height: 2,
    width: 3,
  });
});
