import { assert, assertEquals, assertRejects } from "@std/assert";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { idxFolder } from "../../../lib/data/formats/idx_files.ts";
import { PublisherFolder } from "../../../lib/data/published_set.ts";
import mnist from "../../../datasets/mnist.ts";
import { gzip } from "../../datasets/tar.ts";
import { inFolder } from "../images_in.ts";

/** A file of the format with all its bytes of one value. */
function idx(dims: readonly number[], value = 3): Uint8Array<ArrayBuffer> {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const bytes = new Uint8Array(4 + 4 * dims.length + size).fill(value);
  const view = new DataView(bytes.buffer);
  [0x800 + dims.length, ...dims].forEach((number, i) => view.setUint32(4 * i, number));
  return bytes;
}

const classes = mnist.info.classes!;
const images = idx([2, 4, 4]);
const labels = idx([2]);

type Files = Record<string, Uint8Array>;

async function folderOf(
  prefix: string,
  hyphen: string,
  files: Partial<Record<string, Uint8Array>>,
) {
  const all: Files = {};
  for (const part of ["train", "t10k"]) {
    for (const [what, sound] of [["images-idx3", images], ["labels-idx1", labels]] as const) {
      const name = `${prefix}${part}-${what.replace("-idx", hyphen)}-ubyte`;
      const content = files[what] ?? sound;
      if (prefix === "packed/") {
        all[`${name.slice(7)}.gz`] = await gzip(content as Uint8Array<ArrayBuffer>);
      } else all[name] = content;
    }
  }
  return all;
}

for (
  const [prefix, hyphen] of [["", "-idx"], ["", ".idx"], ["raw/", "-idx"], [
    "packed/",
    "-idx",
  ]] as const
) {
  Deno.test(`idxFolder() reads ${prefix}train-images${hyphen}3-ubyte`, async () =>
    inFolder(await folderOf(prefix, hyphen, {}), async (folder) => {
      const { rows } = await idxFolder(new PublisherFolder(folder, mnist), ["raw"], classes);
      assertEquals(rows.map(({ split, fields }) => `${split} ${fields.label}`), [
        ...["train 3", "train 3", "test 3", "test 3"],
      ]);
    }));
}

const mistakes: readonly (readonly [string, Uint8Array, string])[] = [
  ["images-idx3", new Uint8Array(0), "it is empty or cut off, expected an idx file"],
  ["images-idx3", images.slice(0, -1), "its shape [2, 4, 4] needs 32 bytes, there are 31"],
  [
    "images-idx3",
    idx([2, 4, 5]).with(11, 4).with(15, 4),
    "its shape [2, 4, 4] needs 32 bytes, there are more",
  ],
  ["images-idx3", images.with(4, 255), "bytes, at most 1073741824 can be read"],
  ["images-idx3", idx([0, 4, 4]), "it is empty: its shape is [0, 4, 4]"],
  ["images-idx3", images.with(2, 0x0d), "it is an idx file of float32 with 3 axes"],
  ["images-idx3", images.with(3, 1), "it is an idx file of unsigned bytes with 1 axes"],
  ["images-idx3", new TextEncoder().encode("<!doctype html>"), "but a web page"],
  ["labels-idx1", idx([3]), 'it has 3 classes, "train-images-idx3-ubyte'],
  ["labels-idx1", idx([2], 10), "its class is 10, there are 10"],
];

for (const [name, content, message] of mistakes) {
  for (const prefix of ["", "packed/"]) {
    Deno.test(`idxFolder() says of ${prefix}${name}: ${message}`, async () =>
      inFolder(await folderOf(prefix, "-idx", { [name]: content }), async (folder) => {
        const error = await assertRejects(
          () => idxFolder(new PublisherFolder(folder, mnist), [], classes),
          DiagnosticError,
        );
        assert(error.message.includes(message), error.message);
      }));
  }
}
