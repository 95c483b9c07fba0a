/**
 * CIFAR-10's photographs from a folder with `train.tar` and `test.tar`, JPEG files in folders named by
 * class. Connectors and prompts learn from different training photographs.
 *
 * @module
 */
import { z } from "zod";
import { defineDataset, type Row, type Split } from "@tvp/pipeline/datasets";
import { decodeImage } from "../../../lib/vision/decode_image.ts";

const classes = [
  ...["airplane", "automobile", "bird", "cat", "deer"],
  ...["dog", "frog", "horse", "ship", "truck"],
];

const side = 32;

/** Which training photographs of a class, by their number, are for what. */
const parts = { connector: [0, 850], prompt: [850, 950], validation: [950, 1000] } as const;

const parameters = z.strictObject({
  folder: z.string().describe("folder with train.tar and test.tar"),
  train: z.enum(["connector", "prompt"]).describe("what the training photographs are for"),
  test: z.int().min(1).max(200).default(200).describe("test photographs of each class"),
});

interface Photo {
  /** Index of the class. */
  readonly label: number;
  /** Counted within the class. */
  readonly number: number;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export default defineDataset({
  info: {
    name: "cifar10",
    kind: "classification",
    classes,
    caption: "this is a photo of a {class}",
    licence: "none stated",
    source: "CIFAR-10 (Krizhevsky 2009) as JPEG files",
  },
  parameters,
  side,
  async load({ parameters: given }) {
    const { folder, train, test } = parameters.parse(given);
    const [trained, tested] = [
      await photosOf(`${folder}/train.tar`),
      await photosOf(`${folder}/test.tar`),
    ];
    const numbered = (photos: Photo[], [from, to]: readonly [number, number]) =>
      photos.filter(({ number }) => number >= from && number < to);
    return {
      train: await splitOf("train", numbered(trained, parts[train])),
      validation: await splitOf("train", numbered(trained, parts.validation)),
      test: await splitOf("test", numbered(tested, [0, test])),
    };
  },
});

/** Pictures of all classes, by number and then by class. */
async function photosOf(path: string): Promise<Photo[]> {
  const counts = new Map<string, number>();
  const photos: Photo[] = [];
  for (const { name, bytes } of filesOfTar(await Deno.readFile(path))) {
    const folder = name.split("/").at(-2) ?? "";
    const label = classes.indexOf(folder);
    if (label < 0) continue;
    const number = counts.get(folder) ?? 0;
    counts.set(folder, number + 1);
    photos.push({ label, number, name, bytes });
  }
  return photos.sort((a, b) => a.number - b.number || a.label - b.label);
}

function* filesOfTar(archive: Uint8Array): Generator<{ name: string; bytes: Uint8Array }> {
  const text = (start: number, length: number) =>
    new TextDecoder().decode(archive.subarray(start, start + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const size = parseInt(text(at + 124, 12).trim(), 8);
    const start = at + 512;
    if (text(at + 156, 1) === "0") {
      yield { name: text(at, 100), bytes: archive.subarray(start, start + size) };
    }
    at = start + Math.ceil(size / 512) * 512;
  }
}

async function splitOf(kind: string, photos: readonly Photo[]): Promise<Split> {
  const size = 3 * side * side;
  const images = new Uint8Array(photos.length * size);
  for (const [i, { bytes }] of photos.entries()) {
    images.set((await decodeImage(bytes)).data, i * size);
  }
  const rows = photos.map(({ label, name }): Row => {
    const id = `${kind}/${name}`;
    return { id, cluster: id, instruction: "This is a photo of a", answer: classes[label]!, label };
  });
  return { rows, images, height: side, width: side };
}
