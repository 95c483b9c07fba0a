/**
 * Published methods as bundles of choices, without the code of the choices. Each is a kind of prompt
 * × a loss × an update rule × an augmentation; a pipeline may replace any of them.
 *
 * @module
 */
import type { PromptName } from "../prompts/prompt_table.ts";
import type { AugmentName } from "./augment.ts";
import type { OptimizerName } from "./optimizer.ts";

/** A bundle of choices. */
export interface Method {
  /** What it is, and where it comes from. */
  readonly description: string;
  /** Name of a loss variant. */
  readonly loss: string;
  readonly kind: PromptName;
  readonly optimizer: OptimizerName;
  readonly augment: AugmentName;
}

/** What holds where neither a method nor a choice is given: the code of arXiv 2404.11207. */
export const usualChoices = {
  kind: "frame",
  optimizer: "reference",
  augment: "flip-crop",
} as const;

/** The methods by name. */
export const methods: Readonly<Record<string, Method>> = {
  vp: {
    description: "the VP of TVP's code: frame, normalised gradient, language-model loss alone",
    loss: "vp",
    ...usualChoices,
  },
  tvp: {
    description: "TVP (arXiv 2404.11207): VP with feature consistency and task semantics",
    loss: "tvp",
    ...usualChoices,
  },
  "vp-bahng": {
    description:
      "VP (Bahng et al., arXiv 2203.17274): padding over the whole picture, SGD with momentum",
    loss: "vp",
    kind: "padding",
    optimizer: "sgd",
    augment: "none",
  },
  evp: {
    description:
      "EVP (arXiv 2212.10556): prompt around the shrunk picture, normalised gradient, input diversity",
    loss: "vp",
    kind: "frame",
    optimizer: "reference",
    augment: "input-diversity",
  },
  acavp: {
    description:
      "ACAVP (arXiv 2510.07823): affine, colour and additive prompt, TrivialAugment; update rule ours",
    loss: "vp",
    kind: "affine-color",
    optimizer: "reference",
    augment: "trivial-augment",
  },
  "vp-spsa": {
    description:
      "VP without gradients: SPSA with gradient correction (BlackVIP, arXiv 2303.14773, without its coordinator)",
    loss: "vp",
    kind: "frame",
    optimizer: "spsa-gc",
    augment: "flip-crop",
  },
};
