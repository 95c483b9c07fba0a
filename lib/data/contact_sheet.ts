/**
 * Draws a contact sheet of a data set: small copies of its first images, with their answers.
 *
 * @module
 */
import { encodePng } from "../vision/encode_png.ts";
import { fitted } from "../vision/fit.ts";
import { resizePlanes, unitPlanes } from "../vision/resize.ts";
import type { SplitName } from "./dataset.ts";
import { imageOf } from "./inspect_data.ts";
import type { PreparedData } from "./load_data.ts";

/** A small copy and its caption. */
export interface Thumbnail {
  /** float32 [3, side, side], or why there is none. */
  readonly planes: Float32Array | string;
  readonly split: SplitName;
  readonly where: string;
  readonly instruction: string;
  readonly answer: string;
}

/** Side of a small copy in pixels, and the number of copies in a row. */
const thumbnailSide = 96;
const columns = 8;

/** The first images of each class, up to a number for each split. */
export async function thumbnails(data: PreparedData, each: number): Promise<Thumbnail[]> {
  const made: Thumbnail[] = [];
  for (const split of ["train", "validation", "test"] as const) {
    const rows = byTurns(data.splits[split], each);
    let next = 0;
    for await (const stored of data.listing.images(rows.map(({ place }) => place))) {
      const { where, instruction, answer } = rows[next++]!;
      const image = await imageOf(stored);
      const planes = typeof image === "string" ? image : small(image);
      made.push({ planes, split, where, instruction, answer });
    }
  }
  return made;
}

/** Rows of all answers in turn, in the order of the source. */
function byTurns<T extends { readonly answer: string; readonly place: number }>(
  rows: readonly T[],
  most: number,
): T[] {
  const turns = new Map<string, number>();
  const ranked = rows.map((row) => {
    const turn = turns.get(row.answer) ?? 0;
    turns.set(row.answer, turn + 1);
    return { row, turn };
  });
  return ranked.sort((a, b) => a.turn - b.turn || a.row.place - b.row.place).slice(0, most)
    .map(({ row }) => row).sort((a, b) => a.place - b.place);
}

function small(image: Parameters<typeof fitted<Uint8Array>>[0]): Float32Array {
  const { data, height, width } = fitted(image, "pad");
  const to = { height: thumbnailSide, width: thumbnailSide };
  return resizePlanes(unitPlanes(data), { from: { height, width }, to, filter: "bilinear" });
}

/** All small copies as one PNG image. */
export async function sheetPng(all: readonly Thumbnail[]): Promise<Uint8Array> {
  const side = thumbnailSide;
  const rows = Math.ceil(all.length / columns);
  const [height, width] = [rows * side, Math.min(columns, all.length) * side];
  const sheet = new Float32Array(3 * height * width).fill(1);
  for (const [i, { planes }] of all.entries()) {
    if (typeof planes === "string") continue;
    const [top, left] = [Math.floor(i / columns) * side, (i % columns) * side];
    for (let row = 0; row < 3 * side; row++) {
      const [channel, y] = [Math.floor(row / side), row % side];
      const at = (channel * height + top + y) * width + left;
      sheet.set(planes.subarray(row * side, (row + 1) * side), at);
    }
  }
  return await encodePng(sheet, { height, width });
}

/** A page of its own: small copies with their answers, split by split. */
export async function sheetHtml(name: string, all: readonly Thumbnail[]): Promise<string> {
  const side = thumbnailSide;
  const figures = await Promise.all(
    all.map(async ({ planes, split, where, instruction, answer }) => {
      const shown = typeof planes === "string"
        ? `<p class="broken">${escaped(planes)}</p>`
        : `<img width="${side}" height="${side}" alt="" src="data:image/png;base64,${
          (await encodePng(planes, { height: side, width: side })).toBase64()
        }">`;
      const title = escaped(`${where}: ${instruction}`);
      return `<figure title="${title}">${shown}<figcaption>${
        escaped(answer)
      }<br><small>${split}</small></figcaption></figure>`;
    }),
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(name)}</title>
<meta name="viewport" content="width=device-width"><style>${style}</style>
<h1>${escaped(name)}</h1>
${figures.join("\n")}
</html>
`;
}

/** Colours of the reader's own scheme, light or dark, as those of the report. */
const style = ":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--soft:#5f6b7a;--bad:#b3261e}" +
  "@media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e8eaed;--soft:#9aa4b1;--bad:#ff7b72}}" +
  "body{margin:16px;font:14px sans-serif;background:var(--bg);color:var(--fg)}h1{font-size:20px}" +
  `figure{display:inline-block;width:${thumbnailSide}px;margin:4px;vertical-align:top;overflow-wrap:anywhere}` +
  "small{color:var(--soft)}.broken{margin:0;color:var(--bad)}";

const signs: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => signs[sign]!);
