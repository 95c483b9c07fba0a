/** The settings of a training, with what follows from data and defaults filled in. @module */
import { type LossTerms, type LossWeights, termThatAsksClip } from "../losses/loss_table.ts";
import type { AnyPromptKind } from "../prompts/prompt_table.ts";
import type { AugmentName } from "./augment.ts";
import { stepsPerEpoch } from "./batches.ts";
import type { OptimizerName } from "./optimizer.ts";
import type { PromptTraining, TrainingSet } from "./optimize_prompt.ts";
import type { ScheduleName } from "./schedule.ts";
import type { TaskRow } from "./source.ts";
import type { SpsaOptions } from "./spsa.ts";

/** Settings as a pipeline file gives them. */
export interface PromptSettings {
  readonly clip?: { readonly path: string } | undefined;
  readonly kind: AnyPromptKind;
  readonly canvas?: number | undefined;
  readonly image?: number | undefined;
  readonly optimizer: OptimizerName;
  readonly schedule: ScheduleName;
  readonly lr: number;
  readonly steps?: number | undefined;
  readonly epochs?: number | undefined;
  readonly batch: number;
  readonly augment: AugmentName;
  readonly seed: number;
  readonly spsa?:
    | { readonly samples?: number | undefined; readonly radius?: number | undefined }
    | undefined;
  readonly transformRate?: number | undefined;
}

/** What the settings are applied to. */
export interface TrainingMaterial {
  readonly sources: readonly { readonly name: string; readonly path: string }[];
  readonly data: Omit<TrainingSet, "captions" | "rows"> & {
    readonly rows: readonly (TaskRow & { readonly caption?: string; readonly label?: number })[];
    readonly info: {
      readonly name: string;
      readonly classes?: readonly string[];
      readonly caption?: string;
      readonly mirrorKeepsAnswer?: boolean;
    };
  };
  readonly weights: LossWeights;
  /** Loss terms of one's own. */
  readonly ownTerms?: LossTerms;
}

/** The caption of arXiv 2404.11207, section 3.3. */
const CAPTION = "this is a photo of a {class}";

/** Pairs of losses of a step, and c in units of pixel values. */
const spsaDefaults: SpsaOptions = { samples: 4, radius: 0.05 };

/** Share of the learning rate at which a transformation is trained: few numbers move every pixel. */
const TRANSFORM_RATE = 0.001;

/** Side of the shrunk picture in the proportion of the paper: 164 of 224, and even padding. */
export const pictureSide = (canvas: number): number => 2 * Math.round(canvas * 82 / 224);

const spsaOf = ({ spsa }: PromptSettings): SpsaOptions => ({
  samples: spsa?.samples ?? spsaDefaults.samples,
  radius: spsa?.radius ?? spsaDefaults.radius,
});

function captionsOf({ rows, info }: TrainingMaterial["data"]): string[] {
  return rows.map((row) =>
    row.caption ?? (info.caption ?? CAPTION).replace(
      "{class}",
      row.label === undefined ? "" : info.classes?.[row.label] ?? "",
    )
  );
}

/**
 * Fills in what a pipeline file leaves open.
 *
 * @throws {RangeError} If the loss needs CLIP and none is given, or captions are missing.
 */
export function trainingOf(settings: PromptSettings, material: TrainingMaterial): PromptTraining {
  const { data, weights, sources, ownTerms = {} } = material;
  const asking = termThatAsksClip(weights, ownTerms);
  if (asking !== undefined && !settings.clip) {
    throw new RangeError(
      `Cannot train with the loss term ${asking}: it asks CLIP, and no clip model is given (with: { clip: zoo/mini-clip })`,
    );
  }
  const canvas = settings.canvas ?? data.pictures.side;
  const batch = Math.min(settings.batch, data.rows.length);
  const perEpoch = stepsPerEpoch({ rows: data.rows.length, batch });
  return {
    sources,
    data: { rows: data.rows, pictures: data.pictures, captions: captionsOf(data) },
    weights,
    ownTerms,
    kind: settings.kind,
    canvas,
    image: settings.image ?? pictureSide(canvas),
    optimizer: settings.optimizer,
    schedule: settings.schedule,
    lr: settings.lr,
    steps: settings.steps ?? settings.epochs! * perEpoch,
    batch,
    seed: settings.seed,
    augment: settings.augment,
    mirrorKeepsAnswer: data.info.mirrorKeepsAnswer ?? true,
    spsa: spsaOf(settings),
    transformRate: settings.transformRate ?? TRANSFORM_RATE,
    ...(settings.clip ? { clip: settings.clip.path } : {}),
  };
}
