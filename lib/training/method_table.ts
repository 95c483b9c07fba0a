/**
 * Published methods as bundles of choices, without the code of the choices. Each is a kind of prompt
 * × a loss × an update rule × an augmentation, and how and where gradients are taken; a pipeline may
 * replace any of them.
 *
 * @module
 */
import type { PromptName } from "../prompts/prompt_table.ts";
import type { AugmentName } from "./augment.ts";
import type { OptimizerName } from "./optimizer.ts";
import type { SearchName } from "./searches/search_table.ts";
import type { ViewName } from "./views/view_table.ts";

/** A bundle of choices. */
export interface Method {
  /** What it is, and where it comes from. */
  readonly description: string;
  /** Name of a loss variant. */
  readonly loss: string;
  readonly kind: PromptName;
  readonly optimizer: OptimizerName;
  readonly augment: AugmentName;
  /** How the sources see the prompted image; this and what follows is the usual where absent. */
  readonly views?: readonly ViewName[];
  /** Draws of the views whose gradients are averaged. */
  readonly copies?: number;
  /** Where the gradient is taken. */
  readonly search?: SearchName;
  /** Share of the encoder's layers that are dropped at random. */
  readonly layerDrop?: number;
}

/** What holds where neither a method nor a choice is given: the code of arXiv 2404.11207. */
export const usualChoices = {
  kind: "frame",
  optimizer: "normalized-gradient",
  augment: "flip-crop",
  views: [],
  copies: 1,
  search: "plain",
  layerDrop: 0,
} as const satisfies Omit<Required<Method>, "description" | "loss">;

/**
 * What makes images that mislead one model mislead others, on prompts: the loss and frame of VP, and
 * the paper's momentum.
 */
const transferable = { loss: "vp", ...usualChoices, optimizer: "momentum" } as const;

/** Searches that compare several sources. */
export const ensembleSearches: readonly SearchName[] = ["reduced-variance", "common-weakness"];

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
      "VP (Bahng et al., arXiv 2203.17274): padding over the whole image, SGD with momentum",
    ...usualChoices,
    loss: "vp",
    kind: "padding",
    optimizer: "sgd",
    augment: "none",
  },
  evp: {
    description:
      "EVP (arXiv 2212.10556): prompt around the shrunk image, normalised gradient, input diversity",
    ...usualChoices,
    loss: "vp",
    augment: "input-diversity",
  },
  acavp: {
    description:
      "ACAVP (arXiv 2510.07823): affine, colour and additive prompt, TrivialAugment; update rule ours",
    ...usualChoices,
    loss: "vp",
    kind: "affine-color",
    augment: "trivial-augment",
  },
  "vp-spsa": {
    description:
      "VP without gradients: SPSA with gradient correction (BlackVIP, arXiv 2303.14773, without its coordinator)",
    ...usualChoices,
    loss: "vp",
    optimizer: "spsa-gc",
  },
  mi: { description: "momentum (MI-FGSM, arXiv 1710.06081)", ...transferable },
  di: {
    description: "MI with input diversity (DI, arXiv 1803.06978)",
    ...transferable,
    views: ["resize"],
  },
  ti: {
    description: "MI with shifted views (TIM, arXiv 1904.02884)",
    ...transferable,
    views: ["shift"],
    copies: 4,
  },
  si: {
    description: "MI with views at 1 to 1/16 of their strength (SIM, arXiv 1908.06281)",
    ...transferable,
    views: ["scale"],
    copies: 5,
  },
  admix: {
    description: "SI with other images mixed in (Admix, arXiv 2102.00436)",
    ...transferable,
    views: ["admix", "scale"],
    copies: 5,
  },
  ssm: {
    description: "MI with views of other spectra (SSM, arXiv 2207.05382)",
    ...transferable,
    views: ["spectrum"],
    copies: 4,
  },
  bsr: {
    description: "MI with blocks shuffled and turned (BSR, arXiv 2308.10299)",
    ...transferable,
    views: ["block-shuffle"],
    copies: 4,
  },
  "patch-out": {
    description: "MI with δ on a part of the patches (PatchOut, arXiv 2109.04176)",
    ...transferable,
    views: ["patch-out"],
  },
  ghost: {
    description: "MI with tokens and layers of the source dropped (after arXiv 1812.03413)",
    ...transferable,
    views: ["token-drop"],
    layerDrop: 0.1,
  },
  vmi: {
    description: "MI with variance tuning (VT, arXiv 2103.15571)",
    ...transferable,
    search: "variance",
  },
  rap: {
    description: "MI at the worst point around (RAP, arXiv 2210.05968)",
    ...transferable,
    search: "reverse",
  },
  pgn: {
    description: "MI with the gradient's norm penalised (PGN, arXiv 2306.05225)",
    ...transferable,
    search: "gradient-norm",
  },
  svre: {
    description: "MI on several sources, their variance reduced (SVRE, arXiv 2111.10752)",
    ...transferable,
    search: "reduced-variance",
  },
  cwa: {
    description: "MI on several sources, their common weakness (CWA, arXiv 2303.09105)",
    ...transferable,
    search: "common-weakness",
  },
  fia: {
    description: "MI with features that matter to the answer (FIA, arXiv 2107.14185)",
    ...transferable,
    loss: "lm+fia",
  },
};
