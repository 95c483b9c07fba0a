/** How long a training waits for its images: photographs of 500×375 pixels, on small and larger models. @module */
import process from "node:process";
import { join } from "@std/path";
import { isThere } from "../../lib/data/is_there.ts";
import { openImages, writeRows } from "../../lib/data/dataset_folder.ts";
import { type ImageWriting, writeImages } from "../../lib/data/image_files.ts";
import { Random } from "../../lib/tensor/random.ts";
import { optimizePrompt } from "../../lib/training/optimize_prompt.ts";
import { resolveSettings } from "../../lib/training/prompt_settings.ts";
import { encodeJpeg } from "../../lib/vision/encode_jpeg.ts";
import type { Images } from "../../lib/vision/images.ts";
import { resizePlanes } from "../../lib/vision/resize.ts";
import type { Benchmark, BenchRow } from "./benchmark.ts";
import { classes, instruction, openZoo } from "./zoo.ts";

const photo = { height: 375, width: 500 };
const batch = 16;

/** So many that the batches that are made before the first step do not flatter the share. */
const steps = 80;

/** Different photographs of the set, which has each ten times. */
const photographs = 64;
const images = steps * batch;

/** The images of trainings: how many, and whether they were decoded when they were loaded. */
const trainings: readonly (readonly [name: string, images: number, decoded: boolean])[] = [
  ["each image once", images, false],
  [`${photographs} images, again and again`, photographs, false],
  ["each image once, loaded with decoded", images, true],
];

/** Sides of the canvas: that of the mini models' own images, and the paper's. */
const canvases = [64, 224];

/** The share of a training's time that goes by until images are there. */
export const benchData: Benchmark = async ({ model }) => {
  const { directories, notes } = await openZoo();
  const models = model === undefined
    ? directories.slice(0, 1)
    : [{ name: model.replace(/.*\//, ""), path: model }];
  const folder = await Deno.makeTempDir({ prefix: "tvp-bench-" });
  const rows: BenchRow[] = [];
  try {
    const files = await Promise.all(Array.from({ length: photographs }, (_, i) => jpegOf(i)));
    for (const source of models) {
      for (const canvas of canvases) {
        for (const [name, count, decoded] of trainings) {
          const photos = await photosIn(join(folder, `${canvas} ${decoded}`), files, {
            ...(decoded ? { squares: { side: canvas, fit: "resize" } } : {}),
          });
          const figures = await measure({ source, canvas, photos, count });
          rows.push({ name: `${source.name}, canvas ${canvas}, ${name}`, figures });
        }
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return { rows, summary: {}, notes };
};

interface Waiting {
  readonly source: { readonly name: string; readonly path: string };
  readonly canvas: number;
  readonly photos: Images;
  readonly count: number;
}

async function measure(
  { source, canvas, photos, count }: Waiting,
): Promise<BenchRow["figures"]> {
  const rows = Array.from({ length: count }, (_, i) => {
    const label = i % classes.length;
    return { instruction, answer: classes[label]!, label };
  });
  const given = { loss: "vp", lr: 1, steps, batch, augment: "flip-crop", canvas } as const;
  let share = NaN;
  const cpuMs: number[] = [];
  await optimizePrompt({
    settings: resolveSettings(given, { rows: count, side: canvas }),
    sources: [source],
    data: { images: photos, rows, info: { classes } },
  }, {
    threads: 2,
    log: (line) => share = Number(/waited for images: ([\d.]+) %/.exec(line)?.[1] ?? share),
    onStep: () => {
      const { user, system } = process.cpuUsage();
      cpuMs.push((user + system) / 1000);
    },
  });
  // The second half alone: by then the images that come again are kept.
  const half = steps / 2;
  return { "CPU ms a step": (cpuMs.at(-1)! - cpuMs.at(-1 - half)!) / half, "waited %": share };
}

/** A data set of photographs. */
async function photosIn(
  folder: string,
  files: readonly Uint8Array[],
  writing: Pick<ImageWriting, "squares">,
): Promise<Images> {
  if (isThere(folder)) return await openImages(folder);
  await Deno.mkdir(folder);
  const make = async function* () {
    for (let i = 0; i < images; i++) yield { encoded: files[i % photographs]! };
  };
  const { size } = await writeImages(folder, make(), { seen: new Set(), ...writing });
  const rows = Array.from({ length: images }, (_, i) => ({
    ...{ id: `${i}`, cluster: `${i}`, instruction, answer: classes[0]!, label: 0 },
  }));
  const info = { name: "photographs", kind: "classification", classes } as const;
  await writeRows(folder, { ...info, ...size, licence: "none", source: "drawn" }, rows);
  return await openImages(folder);
}

/** Noise that is smooth, with some that is not: a file as large as a camera's. */
function jpegOf(seed: number): Promise<Uint8Array> {
  const random = new Random(`bench photograph ${seed}`);
  const coarse = { height: 24, width: 32 };
  const few = Float32Array.from(
    { length: 3 * coarse.height * coarse.width },
    () => random.uniform(0, 1),
  );
  const planes = resizePlanes(few, { from: coarse, to: photo });
  return encodeJpeg(planes.map((x) => x + random.uniform(-0.05, 0.05)), photo, 90);
}
