import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { listArchives } from "../../../lib/data/formats/webdataset_format.ts";
import { gzip } from "../../datasets/tar.ts";
import { inFolder } from "../images_in.ts";

const text = new TextEncoder();

/** An entry: its header, and its content filled up to blocks. */
interface Entry {
  readonly name: string;
  readonly content?: string;
  /** `0` is a file, `1` a hard link, `2` a symbolic one, `x` and `L` say something of the next. */
  readonly type?: string;
  readonly link?: string;
  /** Bytes that it is said to have, where they are not those of its content; a text as it is. */
  readonly size?: number | string;
}

function packed(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const blocks = entries.flatMap(({ name, content = "", type = "0", link = "", size }) => {
    const header = new Uint8Array(512);
    const put = (value: string, at: number) => header.set(text.encode(value), at);
    const bytes = text.encode(content);
    put(name, 0);
    if (typeof size === "string") header.set([...size].map((sign) => sign.charCodeAt(0)), 124);
    else put((size ?? bytes.length).toString(8).padStart(11, "0"), 124);
    put("        ", 148);
    put(type, 156);
    put(link, 157);
    put("ustar\0", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(sum.toString(8).padStart(6, "0") + "\0", 148);
    return [...header, ...bytes, ...new Uint8Array((512 - bytes.length % 512) % 512)];
  });
  return Uint8Array.from([...blocks, ...new Uint8Array(1024)]);
}

const pax = (records: string): Entry => ({ name: "pax", type: "x", content: records });
/** `LENGTH KEY=VALUE`, whose length counts its own digits. */
function record(key: string, value: string): string {
  const rest = text.encode(` ${key}=${value}\n`).length;
  const length = rest + String(rest + String(rest).length).length;
  return `${length} ${key}=${value}\n`;
}

const image = { name: "1.png", content: "image" };
const label = { name: "1.cls", content: "cat" };
const long = "n".repeat(150);

/** What is found: names, classes and contents. */
const archives: readonly (readonly [name: string, entries: readonly Entry[], found: string])[] = [
  ["plain", [image, label], "1 cat image"],
  ["folders and labels of archives", [
    { name: "a/", type: "5" },
    { name: "label", type: "V" },
    { ...image, name: "a/1.png" },
    { ...label, name: "a/1.cls" },
  ], "a/1 cat image"],
  ["long names of GNU", [
    { name: "././@LongLink", type: "L", content: `${long}.png\0` },
    { ...image, name: "cut" },
    { name: "././@LongLink", type: "L", content: `${long}.cls\0` },
    label,
  ], `${long} cat image`],
  ["long names of pax, beside values of any bytes", [
    pax(record("comment", "a\n99 path=wrong\n") + record("path", `${long}.png`)),
    { ...image, name: "cut" },
    pax(record("path", `${long}.cls`)),
    label,
  ], `${long} cat image`],
  ["a hard link", [
    image,
    label,
    { name: "2.png", type: "1", link: "1.png" },
    { name: "2.cls", content: "dog" },
  ], "1 cat image, 2 dog image"],
  ["the image beside others of it, and a class with a name of its own", [
    { name: "1.depth.png", content: "depth" },
    image,
    { name: "1.target.cls", content: "cat" },
  ], "1 cat image"],
  ["what a row is, behind more of it", [
    image,
    { name: "1.aux.json", content: '{"label": "wrong"}' },
    { name: "1.json", content: '{"label": "cat"}' },
    { name: "1.more.json", content: '{"label": "wrong"}' },
  ], "1 cat image"],
  [
    "a class of 64 bits",
    [image, { ...label, content: "9007199254740993" }],
    `1 ${2n ** 53n + 1n} image`,
  ],
  ["a class of 64 bits in JSON", [
    image,
    { name: "1.json", content: '{"label": 9007199254740993}' },
  ], `1 ${2n ** 53n + 1n} image`],
  ["a class behind another", [
    image,
    { name: "1.coarse.cls", content: "animal" },
    label,
  ], "1 cat image"],
  ["links that are not a part of a row", [
    { name: "latest", type: "2", link: "/etc" },
    image,
    label,
  ], "1 cat image"],
];

async function found(path: string): Promise<string> {
  const { rows, images } = await listArchives([path]);
  const contents = await Array.fromAsync(
    images(rows.map((_, i) => i)),
    (one) => "encoded" in one ? new TextDecoder().decode(one.encoded) : "",
  );
  return rows.map(({ fields }, i) => `${fields.id} ${fields.label} ${contents[i]}`).join(", ");
}

for (const [name, entries, expected] of archives) {
  for (const ending of ["tar", "tar.gz"]) {
    Deno.test(`listArchives() reads ${name}, .${ending}`, async () => {
      const tar = packed(entries);
      await inFolder(
        { [`a.${ending}`]: ending === "tar" ? tar : await gzip(tar) },
        async (folder) => assertEquals(await found(join(folder, `a.${ending}`)), expected),
      );
    });
  }
}

Deno.test("listArchives() reads an archive whose halves were compressed one by one", async () => {
  const tar = packed([image, label]);
  const halves = [await gzip(tar.slice(0, 700)), await gzip(tar.slice(700))];
  const whole = new Uint8Array(await new Blob(halves).arrayBuffer());
  await inFolder(
    { "a.tar.gz": whole },
    async (folder) => assertEquals(await found(join(folder, "a.tar.gz")), "1 cat image"),
  );
});

Deno.test("listArchives() takes the caption of a row, not one with a name of its own before it", () =>
  inFolder({
    "a.tar": packed([
      image,
      { name: "1.caption.txt", content: "wrong" },
      { name: "1.txt", content: "a cat" },
    ]),
  }, async (folder) => {
    const { rows } = await listArchives([join(folder, "a.tar")]);
    assertEquals(rows.map(({ fields }) => fields), [{ id: "1", caption: "a cat" }]);
  }));

Deno.test("listArchives() tells how many rows have no image", () =>
  inFolder({
    "a.tar": packed([image, label, { ...label, name: "2.cls" }, { name: "3.json", content: "{}" }]),
  }, async (folder) => {
    const { rows, notes } = await listArchives([join(folder, "a.tar")]);
    assertEquals(rows.length, 1);
    assertEquals(notes, ["a.tar: rows without an image, left out: 2 (2, 3)"]);
  }));

/** An entry of 24 MiB of zeros. */
const bomb = new Uint8Array(24 << 20);
bomb.set(packed([{ name: "a", size: 23 << 20 }]));

const refused: readonly (readonly [bytes: Uint8Array<ArrayBuffer>, message: string])[] = [
  [
    packed([image, { ...label, name: "2.png", type: "1", link: "0.png" }]),
    'it is a hard link to "0.png", which does not lie before it',
  ],
  [packed([{ ...image, type: "2", link: "/etc/passwd" }]), "it is a symbolic link, not a file"],
  [packed([{ ...image, type: "3" }]), "it is a device, not a file"],
  [packed([{ ...image, type: "S" }]), "it is a sparse file"],
  [packed([pax(record("GNU.sparse.major", "1")), image]), "it is a sparse file"],
  [packed([{ ...image, type: "Q" }]), 'it is of type "Q", which is not a file'],
  [
    packed([image, { ...label, content: "c".repeat(1 << 21) }]),
    "it has 2097152 bytes, at most 1048576 can be read",
  ],
  ...["30 path=0.png\n", "5 path=0.png\n", "0 a=b\n", "100000000000000000000 a=b\n", "path=0.png\n"]
    .map((records): [Uint8Array<ArrayBuffer>, string] => [
      packed([pax(records), image]),
      `a pax record in it, "${records.trim()}", is not as long as it says`,
    ]),
  [packed([pax("6 a b\n"), image]), 'a pax record in it, "6 a b", is not as long as it says'],
  ...["\xff".repeat(12), "\x80\0\0\0" + "\x7f".repeat(8), "9".repeat(11), "-0000000001"]
    .map((size): [Uint8Array<ArrayBuffer>, string] => [
      packed([{ ...image, size }]),
      'the size of "1.png" in it is not a whole number below 2^53: the archive is damaged',
    ]),
  ...["-1", "x", "99999999999999999999"].map((size): [Uint8Array<ArrayBuffer>, string] => [
    packed([pax(record("size", size)), image]),
    'the size of "1.png" in it is not a whole number below 2^53: the archive is damaged',
  ]),
  [
    packed([{ ...image, size: 4096 }]),
    "a file in it should have 4096 bytes, the archive ends before",
  ],
  [packed([image]).slice(0, -1024), "it has no end mark: it is cut off"],
  [
    text.encode("BZh91AY" + " ".repeat(600)),
    "it is not a tar archive but compressed by bzip2; unpack it first: bunzip2 FILE",
  ],
  [text.encode("<!DOCTYPE html>".padEnd(600)), "it is not a tar archive but a web page"],
  [
    text.encode("version https://git-lfs.github.com/spec/v1"),
    "it is not a tar archive but a pointer of Git LFS; fetch the file itself: git lfs pull",
  ],
  [packed([image, label, image]), 'two files in it are called "1.png"'],
  [
    (await gzip(packed([image, label]))).slice(0, -9),
    "its compressed data are damaged or cut off",
  ],
  [await gzip(new Uint8Array(1 << 22)), "there is no image in it"],
  [
    await gzip(bomb),
    "a hundred times its size",
  ],
];

for (const [i, [bytes, message]] of refused.entries()) {
  Deno.test(`listArchives() says: ${message} (archive ${i + 1})`, () =>
    inFolder({ "a.tar": bytes }, async (folder) => {
      const error = await assertRejects(() => found(join(folder, "a.tar")), DiagnosticError);
      assert(error.message.includes(message), error.message);
    }));
}
