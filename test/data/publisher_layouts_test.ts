/** Sets whose publishers give image files beside lists: what rows become of a folder like theirs. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { prepareData } from "../../lib/data/load_data.ts";
import type { PublishedSet } from "../../lib/data/published_set.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { inFolder } from "./images_in.ts";

/** What is made of a folder: the row of an image whose id ends so. */
interface Layout {
  readonly set: string;
  readonly files: Readonly<Record<string, string>>;
  readonly parameters?: unknown;
  readonly counts: readonly [train: number, validation: number, test: number];
  readonly id: string;
  readonly row: Readonly<Record<string, unknown>>;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const images = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "."]));
const lines = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");

const synsets = ["n01440764", "n03028079"];
const land = ["AnnualCrop", "SeaLake"];
const layouts: readonly Layout[] = [
  {
    set: "imagenette",
    files: images(
      ["train", "val"].flatMap((split) =>
        synsets.flatMap((name) => numbers(10).map((i) => `imagenette2/${split}/${name}/${i}.JPEG`))
      ),
    ),
    counts: [18, 2, 20],
    id: "val/n03028079/3.JPEG",
    row: { answer: "church", label: 4, instruction: "This is a photo of a" },
  },
  {
    set: "eurosat",
    files: images(
      land.flatMap((name) => numbers(10).map((i) => `2750/${name}/${name}_${i}.jpg`)),
    ),
    counts: [12, 4, 4],
    id: "SeaLake_3.jpg",
    row: { answer: "sea or lake", label: 9, instruction: "This is a satellite photo of" },
  },
  {
    set: "oxford-pets",
    files: {
      ...images(numbers(12).map((i) => `images/Maine_Coon_${i}.jpg`)),
      "annotations/trainval.txt": `#Image CLASS-ID\n${
        numbers(10).map((i) => `Maine_Coon_${i} 1 1 1\n`).join("")
      }`,
      "annotations/test.txt": "Maine_Coon_10 1 1 1\nMaine_Coon_11 1 1 1\n",
    },
    counts: [9, 1, 2],
    id: "Maine_Coon_11.jpg",
    row: { answer: "maine coon", label: 0 },
  },
  {
    set: "hateful-memes",
    files: {
      ...images(numbers(14).map((i) => `img/${i}.png`)),
      "train.jsonl": lines(
        numbers(10).map((i) => ({ id: i, img: `img/${i}.png`, label: i % 2, text: `t${i}` })),
      ),
      "dev_seen.jsonl": lines(
        [10, 11, 12, 13].map((i) => ({ id: i, img: `img/${i}.png`, label: i % 2, text: `t${i}` })),
      ),
    },
    counts: [9, 1, 4],
    id: "11",
    row: {
      answer: "yes",
      instruction: 'This is an image with: "t11" written on it. Is it hateful?',
    },
  },
  {
    set: "pope",
    parameters: { objects: "popular" },
    files: {
      ...images(numbers(10).map((i) => `val2014/COCO_val2014_${i}.jpg`)),
      "coco_pope_popular.json": lines(
        numbers(60).map((i) => ({
          question_id: i + 1,
          image: `COCO_val2014_${Math.floor(i / 6)}.jpg`,
          text: `Is there a thing ${i} in the image?`,
          label: i % 2 === 0 ? "yes" : "no",
        })),
      ),
    },
    counts: [36, 12, 12],
    id: "val2014/popular/4",
    row: { answer: "no", label: 1, cluster: "COCO_val2014_0.jpg" },
  },
  {
    set: "clevr-counting",
    files: {
      ...images(
        ["train", "val"].flatMap((part) =>
          numbers(10).map((i) => `CLEVR_v1.0/images/${part}/CLEVR_${part}_${i}.png`)
        ),
      ),
      ...Object.fromEntries(["train", "val"].map((part) => [
        `CLEVR_v1.0/scenes/CLEVR_${part}_scenes.json`,
        JSON.stringify({
          scenes: numbers(10).map((i) => ({
            image_filename: `CLEVR_${part}_${i}.png`,
            objects: numbers(i).map(() => ({})),
          })),
        }),
      ])),
    },
    counts: [9, 1, 10],
    id: "CLEVR_val_7.png",
    row: {
      answer: "7",
      instruction: "How many objects are there in this image? Answer with a single number.",
    },
  },
  {
    set: "easy-vqa",
    files: Object.fromEntries(["train", "test"].flatMap((split) => [
      ...numbers(10).map((i) => [`${split}/images/${i}.png`, "."] as const),
      [
        `${split}/questions.json`,
        JSON.stringify(numbers(20).map((i) => ["what shape?", "circle", i % 10])),
      ] as const,
    ])),
    counts: [18, 2, 20],
    id: "test/13",
    row: { answer: "circle", instruction: "what shape?", cluster: "test/3" },
  },
  {
    set: "scienceqa",
    files: {
      ...images(
        numbers(30).map((i) => `images/${["train", "val", "test"][i % 3]}/${i}/image.png`),
      ),
      "problems.json": JSON.stringify(Object.fromEntries(
        numbers(31).map((i) => [i, {
          question: "Which?",
          choices: ["ice", "fire", "rain"].slice(0, 2 + i % 2),
          answer: 1,
          hint: "",
          image: i === 30 ? null : "image.png",
          split: ["train", "val", "test"][i % 3],
        }]),
      )),
    },
    counts: [10, 10, 10],
    id: "2",
    row: {
      answer: "B",
      candidates: ["A", "B"],
      instruction:
        "Which?\nA. ice\nB. fire\nAnswer with the option's letter from the given choices directly.",
    },
  },
];

async function setOf(name: string): Promise<PublishedSet> {
  const module = `../../datasets/${name.replaceAll("-", "_")}.ts`;
  return ((await import(module)) as { default: PublishedSet }).default;
}

for (const { set: name, files, parameters, counts, id, row } of layouts) {
  Deno.test(`datasets/${name} makes rows of a folder like its publisher's`, () =>
    inFolder(files, async (folder) => {
      const set = await setOf(name);
      const { splits } = await prepareData({ spec: { folder }, set, parameters, seed: 0 });
      const { train, validation, test } = splits;
      assertEquals([train, validation, test].map(({ length }) => length), [...counts]);
      const made = [...train, ...validation, ...test].find((made) => made.id.endsWith(id));
      assert(made !== undefined, `no row ${id}: ${test.map((made) => made.id).join(", ")}`);
      const found = made as unknown as Record<string, unknown>;
      assertEquals(Object.fromEntries(Object.keys(row).map((key) => [key, found[key]])), row);
    }));

  Deno.test(`datasets/${name} shows the layout where files are missing`, () =>
    inFolder({ "other.txt": "." }, async (folder) => {
      const set = await setOf(name);
      const error = await assertRejects(
        () => prepareData({ spec: { folder }, set, parameters, seed: 0 }),
        DiagnosticError,
      );
      const [{ message, notes = [] }] = error.diagnostics as unknown as [
        { message: string; notes?: string[] },
      ];
      assert(/^Cannot read data set ".*": there is no /.test(message), message);
      assertEquals(notes.slice(1, 1 + set.layout.length), [...set.layout]);
    }));
}

/** Folders that torchvision unpacks into. */
const unpacked = {
  "oxford-pets": "oxford-iiit-pet",
  eurosat: "eurosat",
  "clevr-counting": "clevr",
};

for (const [name, inside] of Object.entries(unpacked)) {
  Deno.test(`datasets/${name} reads ${inside}/, as torchvision unpacks it`, () => {
    const { files, counts } = layouts.find(({ set }) => set === name)!;
    const moved = Object.entries(files).map(([path, content]) => [`${inside}/${path}`, content]);
    return inFolder(Object.fromEntries(moved), async (folder) => {
      const set = await setOf(name);
      const { splits: { train } } = await prepareData({ spec: { folder }, set, seed: 0 });
      assertEquals(train.length, counts[0]);
    });
  });
}
