/** Small image files for tests of data sets. @module */
import { dirname, join } from "@std/path";
import sharp from "sharp";
import { writeRows } from "../../lib/data/dataset_folder.ts";
import { writeImages } from "../../lib/data/image_files.ts";

/** An image of one colour as a file. */
export async function imageFile(
  colour: string,
  { width = 12, height = 8, format = "jpeg" as "jpeg" | "png" | "webp" } = {},
): Promise<Uint8Array> {
  return await sharp({ create: { width, height, channels: 3, background: colour } })
    .toFormat(format).toBuffer();
}

/** A colour that no other number has. */
export const colour = (number: number): string =>
  `#${(0x102030 + 0x070b0d * number).toString(16).padStart(6, "0").slice(-6)}`;

/** Writes files into a new folder and hands it over. */
export async function inFolder(
  files: Readonly<Record<string, Uint8Array | string>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tvp-data-" });
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(join(folder, dirname(name)), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(join(folder, name), content);
      else await Deno.writeFile(join(folder, name), content);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Images of three classes, each of its own colour. */
export async function classFolders(each: number): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const [c, name] of ["cat", "dog", "wood_frog"].entries()) {
    for (let i = 0; i < each; i++) {
      files[`${name}/${i}.jpg`] = await imageFile(colour(100 * c + i));
    }
  }
  return files;
}

/** Writes a data set of encoded images, each of its own colour, and hands its folder over. */
export async function inDataset(
  count: number,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tvp-dataset-" });
  try {
    const images = async function* () {
      for (let i = 0; i < count; i++) yield { encoded: await imageFile(colour(i)) };
    };
    await writeImages(folder, images(), { seen: new Set() });
    const rows = Array.from({ length: count }, (_, i) => ({
      ...{ id: `${i}`, cluster: `${i}`, instruction: "what?", answer: "cat", label: 0 },
    }));
    const info = { name: "pets", kind: "classification", classes: ["cat"] } as const;
    await writeRows(folder, { ...info, licence: "none", source: "drawn" }, rows);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
