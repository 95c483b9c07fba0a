/** What a training of a prompt is given. @module */
import type { LossTerms } from "../losses/loss_table.ts";
import type { NamedModel } from "../models/directory.ts";
import type { Images } from "../vision/images.ts";
import type { Precision } from "./precisions.ts";
import type { PromptSettings } from "./prompt_settings.ts";
import type { TaskRow } from "./source.ts";

/** What is trained on. */
export interface TrainingSet {
  readonly images: Images;
  readonly rows: readonly (TaskRow & { readonly caption?: string; readonly label?: number })[];
  readonly info: {
    readonly classes?: readonly string[];
    /** Caption of a row that has none of its own; `{class}` represents its class. */
    readonly caption?: string;
    /** Whether the answers hold in a mirror; without, no image is mirrored. Default true. */
    readonly mirrorKeepsAnswer?: boolean;
  };
}

/** A training of one prompt. */
export interface PromptTraining {
  readonly settings: PromptSettings;
  /** Paths of the directories of the source models. */
  readonly sources: readonly NamedModel[];
  /** The model that the loss asks, where it does. */
  readonly clip?: NamedModel | undefined;
  readonly data: TrainingSet;
  /** The user's own loss terms. */
  readonly ownTerms?: LossTerms;
  /** How models with float16 weights are computed; default what suits the device. */
  readonly precision?: Precision | undefined;
  /** In mixed precision, what gradients are multiplied by on their way. */
  readonly lossScale?: number | undefined;
  /** Images that are computed at once, at most; default as many as fit the memory. */
  readonly microBatch?: number | "auto" | undefined;
}
