/** The families of LLaVA-NeXT and LLaVA-OneVision. @module */
import { type Family, type ImageFacts, numberIn, objectIn } from "./family.ts";
import { llava } from "./llava.ts";

/** Rows and columns of patches of one tile. */
interface Side {
  readonly rows: number;
  readonly columns: number;
}

/** Patches of the joined tiles without what was padded, and a line's end after each row of them. */
function joined({ plan }: ImageFacts, side: Side, most?: number): number {
  const { from, grid } = plan!;
  let [rows, columns] = [side.rows * grid.rows, side.columns * grid.columns];
  const rounded = (value: number) => Math.trunc(Number(value.toFixed(7)));
  if (from.width / from.height > columns / rows) {
    rows -= 2 * Math.floor((rows - rounded(from.height * (columns / from.width))) / 2);
  } else {
    columns -= 2 * Math.floor((columns - rounded(from.width * (rows / from.height))) / 2);
  }
  const shrink = most === undefined ? 0 : Math.sqrt(rows * columns / (most * side.rows ** 2));
  if (shrink <= 1.1) return rows * columns + rows;
  const [fewer, narrower] = [Math.floor(rows / shrink), Math.floor(columns / shrink)];
  return fewer * narrower + fewer;
}

const dropsFirst = ({ processor }: ImageFacts) =>
  processor.vision_feature_select_strategy === "default" ? 1 : 0;

/** Whether the encoder takes tiles; without them the whole image is one. */
const hasTiles = ({ plan }: ImageFacts) => plan?.layout.kind === "tiles";

/** LLaVA-NeXT: the whole image, then its tiles joined to one image, row by row. */
export const llavaNext: Family = {
  ...llava,
  modelTypes: ["llava_next"],
  processorType: "LlavaNextImageProcessor",
  imageTokens: (facts) => {
    if (!hasTiles(facts)) return llava.imageTokens!(facts);
    const { config, processor, plan } = facts;
    const patch = numberIn(processor, "patch_size") ??
      numberIn(objectIn(config, "vision_config"), "patch_size");
    if (patch === undefined) return undefined;
    const { height, width } = plan!.tiles[0]!.size;
    const side = { rows: Math.floor(height / patch), columns: Math.floor(width / patch) };
    const base = side.rows * side.columns +
      (numberIn(processor, "num_additional_image_tokens") ?? 0);
    return base + joined(facts, side) - dropsFirst(facts);
  },
};

/** LLaVA-OneVision: as LLaVA-NeXT, but large images are shrunk to the size of a number of tiles. */
export const llavaOnevision: Family = {
  ...llava,
  modelTypes: ["llava_onevision"],
  processorType: "LlavaOnevisionImageProcessor",
  imageTokens: (facts) => {
    const { config, processor } = facts;
    const count = numberIn(processor, "num_image_tokens");
    if (!hasTiles(facts)) return count ?? llava.imageTokens!(facts);
    const base = count ?? tilePatches(facts);
    if (base === undefined) return undefined;
    const rows = Math.floor(Math.sqrt(base));
    const ratio = String(
      processor.vision_aspect_ratio ?? config.vision_aspect_ratio ?? "anyres_max_9",
    );
    const most = Number(ratio.replace(/^anyres_max_/, ""));
    return base + joined(facts, { rows, columns: rows }, most) - dropsFirst(facts);
  },
};

function tilePatches({ config, plan }: ImageFacts): number | undefined {
  const patch = numberIn(objectIn(config, "vision_config"), "patch_size");
  const size = plan?.tiles[0]?.size;
  if (patch === undefined || size === undefined) return undefined;
  return Math.floor(size.height / patch) * Math.floor(size.width / patch);
}
