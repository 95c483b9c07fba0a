/**
 * CIFAR-10's photographs from a folder with `train.tar` and `test.tar`, JPEG files in folders named by
 * class. Connectors and prompts learn from different training photographs.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { defineDataset, type Row, type Split } from "@tvp/pipeline/datasets";
import { dataFailure } from "../../../lib/data/data_failure.ts";
import { readRange } from "../../../lib/data/data_root.ts";
import { listTar } from "../../../lib/data/formats/tar.ts";
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
      photosOf(`${folder}/train.tar`),
      photosOf(`${folder}/test.tar`),
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
function photosOf(path: string): Photo[] {
  if (!existsSync(path)) {
    const note = "Say where train.tar and test.tar are: --set vars.photos=FOLDER";
    throw dataFailure(JSON.stringify(path), "it is missing", [note]);
  }
  const counts = new Map<string, number>();
  const photos: Photo[] = [];
  for (const { name, offset, bytes } of listTar(path)) {
    const folder = name.split("/").at(-2) ?? "";
    const label = classes.indexOf(folder);
    if (label < 0) continue;
    const number = counts.get(folder) ?? 0;
    counts.set(folder, number + 1);
    photos.push({ label, number, name, bytes: readRange(path, offset, bytes) });
  }
  return photos.sort((a, b) => a.number - b.number || a.label - b.label);
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
