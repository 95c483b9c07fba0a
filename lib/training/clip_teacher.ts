/** CLIP made ready for the text-aligned term: its image tower, and its captions embedded once. @module */
import {
  directoryOptions,
  type ModelDirectory,
  type NamedModel,
  openClipDirectory,
} from "../models/directory.ts";
import { embedTexts } from "../models/clip_text.ts";
import { numberIn } from "../models/families/family.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { buildProcessor } from "../vision/build_processor.ts";
import type { PickedRow } from "./batches.ts";
import type { Provider } from "../runtime/provider.ts";
import type { ClipGraph } from "./step_graph.ts";

/** CLIP's temperature where config.json has none: that of the published CLIP models, ln 100. */
const LOGIT_SCALE = Math.log(100);

/** CLIP, ready to teach. */
export interface ClipTeacher {
  readonly graph: ClipGraph;
  /** Unit embeddings of the captions of a batch: `caption_embeds` [batch, width]. */
  captions(picks: readonly PickedRow[]): Tensor<"float32">;
}

/** Settings of the teacher. */
export interface ClipOptions {
  /** Side S of the canvas. */
  readonly canvas: number;
  readonly provider: Provider;
  readonly threads: number;
}

/** exp(logit_scale) of a CLIP directory. */
function logitScaleOf(directory: ModelDirectory): number {
  return Math.exp(numberIn(directory.config, "logit_scale_init_value") ?? LOGIT_SCALE);
}

/**
 * Opens CLIP and embeds every distinct caption once.
 *
 * @param captions One a row of the data.
 */
export async function openClipTeacher(
  clip: NamedModel,
  captions: readonly string[],
  options: ClipOptions,
): Promise<ClipTeacher> {
  const directory = await openClipDirectory(clip.path, directoryOptions(clip));
  const distinct = [...new Set(captions)];
  const embeds = await embedTexts(directory, distinct, options);
  const width = embeds.dims[1]!;
  const place = new Map(distinct.map((caption, i) => [caption, i]));
  const index = captions.map((caption) => place.get(caption)!);
  const { canvas } = options;
  return {
    graph: {
      processor: buildProcessor(directory.preprocessor, canvas),
      model: await directory.readPart("vision_model"),
      logitScale: logitScaleOf(directory),
    },
    captions: (picks) => {
      const data = new Float32Array(picks.length * width);
      picks.forEach(({ row }, i) => {
        const start = index[row]! * width;
        data.set(embeds.data.subarray(start, start + width), i * width);
      });
      return tensor("float32", [picks.length, width], data);
    },
  };
}
