import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DataRoot } from "../../../lib/data/data_root.ts";
import { readTable } from "../../../lib/data/formats/table_format.ts";
import { inFolder } from "../images_in.ts";

/** UTF-16 with its mark in front, as spreadsheets write it. */
function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(2 * text.length + 2));
  [0xfeff, ...[...text].map((letter) => letter.charCodeAt(0))]
    .forEach((code, i) => bytes.setUint16(2 * i, code, littleEndian));
  return new Uint8Array(bytes.buffer);
}

/** Each says the same: two images with their classes and notes. */
const tables: readonly (readonly [name: string, content: string | Uint8Array])[] = [
  ["commas.csv", 'image,label,note\n1.png,cat,"a, b"\n2.png,dog,\n'],
  ["quotes.csv", '"image","label","note"\n"1.png","cat","a, b"\n"2.png","dog",""\n'],
  ["semicolons.csv", "image;label;note\n1.png;cat;a, b\n2.png;dog;\n"],
  ["commas in names.csv", 'image;label;note\n1.png;cat;"a, b"\n2.png;dog;""\n'],
  ["tabs.csv", "image\tlabel\tnote\n1.png\tcat\ta, b\n2.png\tdog\t\n"],
  ["tabs.tsv", "image\tlabel\tnote\n1.png\tcat\ta, b\n2.png\tdog\t\n"],
  ["bars.csv", "image|label|note\n1.png|cat|a, b\n2.png|dog|\n"],
  ["windows.csv", '\ufeffimage,label,note\r\n1.png,cat,"a, b"\r\n2.png,dog,\r\n\r\n'],
  ["old mac.csv", 'image,label,note\r1.png,cat,"a, b"\r2.png,dog,\r'],
  ["excel.csv", "sep=;\r\nimage;label;note\r\n1.png;cat;a, b\r\n2.png;dog;\r\n"],
  ["utf16.csv", utf16("image\tlabel\tnote\r\n1.png\tcat\ta, b\r\n2.png\tdog\t\r\n", true)],
  ["utf16be.csv", utf16("image;label;note\n1.png;cat;a, b\n2.png;dog;\n", false)],
];

for (const [name, content] of tables) {
  Deno.test(`readTable() reads ${name}`, () =>
    inFolder({ [name]: content }, async (folder) => {
      const { rows } = await readTable(join(folder, name), new DataRoot(folder));
      assertEquals(rows.map(({ fields }) => fields), [
        { image: "1.png", label: "cat", note: "a, b" },
        { image: "2.png", label: "dog", note: "" },
      ]);
    }));
}
