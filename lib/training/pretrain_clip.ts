/** Pretrains the mini CLIP of the zoo. @module */
import { openTokenizer } from "../models/tokenize.ts";
import { Random } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { clipFiles, planClip } from "../zoo/clip_files.ts";
import type { DirectoryFiles } from "../zoo/vision_files.ts";
import { storedWeights } from "../zoo/module.ts";
import { captionTensors, conceptCaptions, kindCaptions, memoisedEncoder } from "./captions.ts";
import { encoderFeeds, sharedIn } from "./pretrain_encoder.ts";
import {
  clipStatistics,
  type ImageFact,
  type ImageWorld,
  labelsOf,
  questionsOf,
  sightShares,
} from "./pretrain_images.ts";
import { type PretrainOptions, started } from "./pretrain_options.ts";
import { clipLossGraph, targetFeeds } from "./pretrain_vision.ts";
import type { TrainingHost } from "./trainer.ts";
import { trainWeights } from "./weight_training.ts";
import { readBack } from "./write_directory.ts";

/** What the CLIP reads beside the world. */
export interface CaptionWorld {
  readonly corpus: readonly string[];
  readonly forms: readonly string[];
  /** Captions of the backgrounds' colours, in their order. */
  readonly colours: readonly string[];
  /** Captions of one thing, of two, and so on. */
  readonly counts: readonly string[];
}

/** Trains the mini CLIP: images against the captions of all concepts, kinds, colours and counts. */
export async function pretrainClip(
  world: ImageWorld,
  captions: CaptionWorld,
  options: PretrainOptions,
  host: TrainingHost = {},
): Promise<DirectoryFiles> {
  const { seed, batch, schedule } = options;
  const plan = planClip({ corpus: captions.corpus, pixels: clipStatistics });
  const tokenizer = await readBack(plan.json, openTokenizer);
  const encode = memoisedEncoder((text) => tokenizer.encode(text));
  const source = { forms: captions.forms, words: world.words, kinds: world.kinds };
  const loss = clipLossGraph(plan.sizes, {
    questions: questionsOf(world),
    captions: {
      concept_captions: world.names.length,
      kind_captions: world.kinds.length,
      colour_captions: captions.colours.length,
      count_captions: captions.counts.length,
    },
    batch,
    seed,
    ...sharedIn(options),
  });
  const encoder = { sizes: plan.sizes.vision, pixels: clipStatistics };
  const weights = await trainWeights({
    ...await started(loss, options, host),
    schedule,
    batch: (step) => {
      const { feeds, facts } = encoderFeeds(world, encoder, { options, step });
      const random = new Random(`${seed}/captions/${step}`);
      const lists = {
        concept_captions: conceptCaptions(source, random),
        kind_captions: kindCaptions(source, random),
        colour_captions: captions.colours,
        count_captions: captions.counts,
      };
      for (const [list, texts] of Object.entries(lists)) {
        const { inputIds, attentionMask } = captionTensors(texts.map(encode), 0);
        feeds[`${list}.input_ids`] = inputIds;
        feeds[`${list}.attention_mask`] = attentionMask;
      }
      return { ...feeds, ...captionFeeds(world, facts, options) };
    },
  }, host);
  return clipFiles(plan, storedWeights(weights));
}

/** Which captions fit the images. */
function captionFeeds(
  world: ImageWorld,
  facts: readonly ImageFact[],
  { sights = "one" }: PretrainOptions,
): Record<string, Tensor> {
  const labels = labelsOf(world, facts);
  const others = { colour_captions: labels.colour!, count_captions: labels.count! };
  if (sights === "one") {
    const { concept, kind } = labels;
    return targetFeeds({ concept_captions: concept!, kind_captions: kind!, ...others });
  }
  const { concept, kind } = sightShares(world, facts);
  return {
    "concept_captions.shares": concept,
    "kind_captions.shares": kind,
    ...targetFeeds(others),
  };
}
