import { assertEquals } from "@std/assert";
import { decodeNpy } from "../../lib/tensor/npy.ts";
import { encodeNpz } from "../../lib/tensor/npz.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";

Deno.test("encodeNpz() writes a zip archive of npy files", () => {
  const x = fromNumbers("float32", [2], [1, 2]);
  const bytes = encodeNpz({ x, ids: fromNumbers("int64", [1], [7]) });
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  assertEquals(view.getUint32(end, true), 0x06054b50);
  assertEquals(view.getUint16(end + 10, true), 2);
  const central = view.getUint32(end + 16, true);
  assertEquals(view.getUint32(central, true), 0x02014b50);
  assertEquals(view.getUint32(central + 42, true), 0);
  const size = view.getUint32(18, true);
  assertEquals(new TextDecoder().decode(bytes.subarray(30, 35)), "x.npy");
  assertEquals(decodeNpy(bytes.slice(35, 35 + size)), x);
  assertEquals(view.getUint32(14, true), view.getUint32(central + 16, true));
  assertEquals(encodeNpz({ x, ids: fromNumbers("int64", [1], [7]) }), bytes);
});
