import { assertEquals, assertThrows } from "@std/assert";
import { decodeNpy, encodeNpy } from "../../lib/tensor/npy.ts";
import { decodeNpz, encodeNpz } from "../../lib/tensor/npz.ts";
import { npyFile } from "./npy_file.ts";
import { encodeZip } from "../../lib/tensor/zip.ts";
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

Deno.test("decodeNpz() leaves text, objects, structures and other files unread", () => {
  const x = fromNumbers("float32", [2], [1, 2]);
  const other = (descr: string) => npyFile({ descr, shape: "(2,)" }, new Uint8Array(8));
  const files = {
    "x.npy": encodeNpy(x),
    "name.npy": other("'<U3'"),
    "settings.npy": other("'|O'"),
    "table.npy": other("[('a', '<f4'), ('caf\\xe9', '<i4', (2,))]"),
    "README.txt": new Uint8Array(3),
  };
  assertEquals(decodeNpz(encodeZip(files)), { x });
  assertThrows(
    () => decodeNpz(encodeZip({ ...files, "y.npy": new Uint8Array(3) })),
    SyntaxError,
    'the file does not begin with \\x93NUMPY ("y.npy" of the archive)',
  );
});
