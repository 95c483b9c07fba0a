import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DataRoot } from "../../../lib/data/data_root.ts";
import { readTable } from "../../../lib/data/formats/table_format.ts";
import type { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
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
  ["spreadsheet's empty rows.csv", 'image,label,note,,\n1.png,cat,"a, b",,\n2.png,dog,,,\n,,,,\n'],
  ["utf16be.csv", utf16("image;label;note\n1.png;cat;a, b\n2.png;dog;\n", false)],
];

for (const [name, content] of tables) {
  Deno.test(`readTable() reads ${name}`, () =>
    inFolder({ [name]: content }, async (folder) => {
      const { rows } = await readTable(join(folder, name), new DataRoot(folder));
      assertEquals(rows.map(({ fields: { "": _unnamed, ...fields } }) => fields), [
        { image: "1.png", label: "cat", note: "a, b" },
        { image: "2.png", label: "dog", note: "" },
      ]);
    }));
}

const pets = [{ image: "1.png", label: "cat" }, { image: "2.png", label: "dog" }];
const lines = pets.map((row) => JSON.stringify(row));

/** Each says the same in JSON. */
const jsons: readonly (readonly [name: string, content: string])[] = [
  ["lines.jsonl", lines.join("\n")],
  ["windows.jsonl", `\ufeff${lines.join("\r\n\r\n")}\r\n`],
  ["old mac.jsonl", lines.join("\r")],
  ["lines.json", lines.join("\n")],
  ["list.json", JSON.stringify(pets, null, 2)],
  [
    "list in a map.json",
    JSON.stringify({ info: { year: 2017 }, tags: ["a"], data: pets }, null, 2),
  ],
];

for (const [name, content] of jsons) {
  Deno.test(`readTable() reads ${name}`, () =>
    inFolder({ [name]: content }, async (folder) => {
      const { rows } = await readTable(join(folder, name), new DataRoot(folder));
      assertEquals(rows.map(({ fields }) => fields), pets);
    }));
}

/** Whole numbers as JSON writes them, and as rows have them. */
const numbers: readonly (readonly [written: string, value: unknown])[] = [
  ["9007199254740991", 9007199254740991],
  ["9007199254740993", "9007199254740993"],
  ["-1152921504606846977", "-1152921504606846977"],
  ["18446744073709551615", "18446744073709551615"],
  ["[1, 9007199254740993]", [1, "9007199254740993"]],
  ["0.12345678901234567", 0.12345678901234567],
  ["1e300", 1e300],
  ['"9007199254740993"', "9007199254740993"],
];

for (const name of ["a.jsonl", "a.json"]) {
  for (const [written, value] of numbers) {
    Deno.test(`readTable() reads ${written} of ${name}`, () =>
      inFolder({ [name]: `{"image": "1.png", "id": ${written}}` }, async (folder) => {
        const { rows } = await readTable(join(folder, name), new DataRoot(folder));
        assertEquals(rows[0]!.fields.id, value);
      }));
  }
}

const answers = [{ answer: "yes" }, { answer: "no" }];

/** Maps in a `.json` file, and the rows that they are; `column` is that of the images. */
const maps: readonly (readonly [map: Record<string, unknown>, rows: unknown, column?: string])[] = [
  [{ image: "1.png", answers }, [{ image: "1.png", answers }]],
  [{ Image: "1.png", answers, boxes: answers }, [{ Image: "1.png", answers, boxes: answers }]],
  [{ pic: "1.png", answers }, [{ pic: "1.png", answers }], "pic"],
  [{ path: "images", data: pets }, pets],
];

for (const [map, expected, column] of maps) {
  Deno.test(`readTable() reads ${JSON.stringify(map)}`, () =>
    inFolder({ "a.json": JSON.stringify(map) }, async (folder) => {
      const { rows } = await readTable(join(folder, "a.json"), new DataRoot(folder), column);
      assertEquals(rows.map(({ fields }) => fields), expected);
    }));
}

/** How a list may name the file `a b/é.png`; the letter may be written as two signs. */
const names: readonly unknown[] = [
  "a b/\u00e9.png",
  "a b/e\u0301.png",
  " a b/\u00e9.png ",
  "a b\\\u00e9.png",
  ["a b/\u00e9.png"],
  { path: "a b/\u00e9.png", bytes: null },
];

for (const file of ["a b/\u00e9.png", "a b/e\u0301.png"]) {
  for (const name of names) {
    Deno.test(`readTable() finds ${JSON.stringify(file)} by ${JSON.stringify(name)}`, () =>
      inFolder(
        { [file]: "x", "rows.jsonl": JSON.stringify({ image: name, label: "cat" }) },
        async (folder) => {
          const { files } = await readTable(join(folder, "rows.jsonl"), new DataRoot(folder));
          assertEquals(files!(), [join(folder, file)]);
        },
      ));
  }
}

const refused: readonly (readonly [name: string, content: string | Uint8Array, message: string])[] =
  [
    ["a.csv", "<!doctype html><p>not found", "it is a web page"],
    [
      "a.jsonl",
      "version https://git-lfs.github.com/spec/v1\noid sha256:0",
      "it is a pointer of Git LFS; fetch the file itself: git lfs pull",
    ],
    [
      "a.csv",
      Uint8Array.of(0x1f, 0x8b, 8, 0, 255),
      "it is not text (UTF-8) but compressed by gzip; unpack it first: gunzip FILE",
    ],
    [
      "a.csv",
      utf16("image,label\n1.png,cat\n", true).subarray(2),
      "it has zero bytes, as UTF-16 without its mark has: save it as UTF-8",
    ],
    [
      "a.json",
      JSON.stringify({ images: [{ id: 1 }], annotations: [{ id: 1 }] }),
      'it has several lists: "images", "annotations"',
    ],
    ["a.csv", "image,label,label\n1.png,cat,dog\n", 'it has two columns "label"'],
    ["a.csv", `image,label\n${"x".repeat(300)}.png,cat\n`, "it is too long for the name of a file"],
    [
      "a.csv",
      `image,label\niVBORw0KGgo${"A".repeat(500)},cat\n`,
      `"iVBORw0KGgo${"A".repeat(89)}…": it is an image as text`,
    ],
    ["a.csv", "image,label\n..\\..\\a.png,cat\n", "it is outside of the folder"],
    ["a.csv", "image,label\nb.png,cat\n", '"b.png": there is no such file'],
    [
      "a.csv",
      `${Array.from({ length: 300_000 }, (_, i) => i).join()}\n1\n`,
      "it has 300000 columns, at most 10000 can be read",
    ],
    [
      "a.jsonl",
      `{${Array.from({ length: 20_000 }, (_, i) => `"${i}":1`).join()}}`,
      "it has 20000 columns, at most 10000 can be read",
    ],
    [
      "a.csv",
      `a,b\n${"1,2\n".repeat(1_000_001)}`,
      "it has 1000002 lines in 4000008 characters, expected rows",
    ],
    [
      "a.jsonl",
      "{}\n".repeat(1_000_001),
      "it has 1000001 lines in 3000003 characters, expected rows",
    ],
  ];

/** What is said of a list, or of its first image. */
async function mistakeIn(path: string, root: DataRoot): Promise<string> {
  try {
    const [image] = await Array.fromAsync((await readTable(path, root)).images([0]));
    return "missing" in image! ? image.missing : "";
  } catch (error) {
    return (error as DiagnosticError).message;
  }
}

for (const [name, content, message] of refused) {
  Deno.test(`readTable() says of ${name}: ${message}`, () =>
    inFolder({ [name]: content }, async (folder) => {
      const told = await mistakeIn(join(folder, name), new DataRoot(folder));
      assert(told.includes(message), told);
    }));
}
