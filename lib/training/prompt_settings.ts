/**
 * The settings of a prompt: those that a pipeline file gives, and those that follow from method,
 * data and defaults.
 *
 * @module
 */
import type { PromptMeta } from "../artifacts/prompt.ts";
import type { LossWeights } from "../losses/loss_table.ts";
import { type Loss, resolveLoss } from "../losses/variants.ts";
import type { Canvas } from "../prompts/prompt_kind.ts";
import { type AnyPromptKind, nameOfKind } from "../prompts/prompt_table.ts";
import type { AugmentName } from "./augment.ts";
import { stepsPerEpoch } from "./batches.ts";
import { type Limits, limitsText } from "./bounds/bound_table.ts";
import { methods, usualChoices } from "./method_table.ts";
import type { OptimizerName } from "./optimizer.ts";
import type { ScheduleName } from "./schedule.ts";
import type { SearchOptions } from "./searches/search.ts";
import type { SearchName } from "./searches/search_table.ts";
import type { SpsaOptions } from "./spsa.ts";
import type { ViewName } from "./views/view_table.ts";

/** All settings of a prompt's training. */
export interface PromptSettings extends Canvas {
  /** What tables call the prompt. */
  readonly label: string;
  readonly kind: AnyPromptKind;
  readonly loss: LossWeights;
  readonly optimizer: OptimizerName;
  readonly schedule: ScheduleName;
  readonly augment: AugmentName;
  /** Base learning rate. */
  readonly lr: number;
  readonly steps: number;
  /** Rows of a step. */
  readonly batch: number;
  readonly seed: number;
  /** How update rules without gradients estimate them. */
  readonly spsa: SpsaOptions;
  /** Learning rate of the transformation, as a share of δ's. */
  readonly transformRate: number;
  /** How the sources see the prompted image, one view behind the other. */
  readonly views: readonly ViewName[];
  /** Draws of views and dropped layers whose gradients are averaged in a step. */
  readonly copies: number;
  /** Where gradients are taken. */
  readonly search: SearchName;
  /** How wide the search is. */
  readonly around: SearchOptions;
  /** Share of the encoders' layers that are dropped at random. */
  readonly layerDrop: number;
  /** How strong δ may become. */
  readonly bound: Limits;
}

/** Settings of which any may be left open. */
type Open<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** Settings that a pipeline file gives in another form. */
type Nested = "loss" | "lr" | "spsa" | "around" | "bound";

/** Settings as a pipeline file gives them; what is given beside a method replaces its choices. */
export interface GivenSettings extends Open<Omit<PromptSettings, Nested>> {
  readonly lr: number;
  /** Name of a method. */
  readonly method?: string | undefined;
  /** Name of a loss variant, or weights. */
  readonly loss?: string | LossWeights | undefined;
  /** Loss variants of the pipeline. */
  readonly variants?: Readonly<Record<string, LossWeights>> | undefined;
  /** Passes over the data, instead of `steps`. */
  readonly epochs?: number | undefined;
  readonly spsa?: Open<SpsaOptions> | undefined;
  readonly around?: Open<SearchOptions> | undefined;
  readonly bound?: Open<Limits> | undefined;
}

/** Pairs of losses of a step, and c in units of pixel values. */
const spsaDefaults: SpsaOptions = { samples: 4, radius: 0.05 };

/** The points of a search, and how far they are in units of pixel values. */
const searchDefaults: SearchOptions = { samples: 4, radius: 0.05 };

/** Share of the learning rate at which a transformation is trained: few numbers move every pixel. */
const TRANSFORM_RATE = 0.001;

/** Default rows of a step. */
const BATCH = 16;

/** Side of the shrunk image in the proportion of the paper: 164 of 224, and even padding. */
export const imageSide = (canvas: number): number => 2 * Math.round(canvas * 82 / 224);

/** What settings depend on of the data: how many rows, and the side of the images. */
export interface DataSize {
  readonly rows: number;
  readonly side: number;
}

/**
 * Fills in what is left open. The label names the method, or else the loss, and what differs from
 * it: `tvp, patch, adam`.
 *
 * @throws {RangeError} If the method or the loss is unknown, or all weights are 0.
 *
 * @example
 * ```ts
 * const size = { rows: 64, side: 64 };
 * resolveSettings({ method: "evp", optimizer: "adam", lr: 1, steps: 8 }, size).label; // "evp, adam"
 * ```
 */
export function resolveSettings(given: GivenSettings, size: DataSize): PromptSettings {
  const choices = choicesOf(given);
  const canvas = given.canvas ?? size.side;
  const batch = Math.min(given.batch ?? BATCH, size.rows);
  const perEpoch = stepsPerEpoch({ rows: size.rows, batch });
  return {
    ...choices,
    canvas,
    image: given.image ?? imageSide(canvas),
    schedule: given.schedule ?? "cosine",
    lr: given.lr,
    steps: given.steps ?? (given.epochs ?? 1) * perEpoch,
    batch,
    seed: given.seed ?? 0,
    spsa: {
      samples: given.spsa?.samples ?? spsaDefaults.samples,
      radius: given.spsa?.radius ?? spsaDefaults.radius,
    },
    transformRate: given.transformRate ?? TRANSFORM_RATE,
    around: {
      samples: given.around?.samples ?? searchDefaults.samples,
      radius: given.around?.radius ?? searchDefaults.radius,
    },
    bound: given.bound ?? {},
  };
}

type Choices = Pick<
  PromptSettings,
  | "label"
  | "loss"
  | "kind"
  | "optimizer"
  | "augment"
  | "views"
  | "copies"
  | "search"
  | "layerDrop"
>;

/** What a method chooses, where nothing else is given. */
function choicesOf(given: GivenSettings): Choices {
  const base = given.method === undefined ? undefined : methods[given.method];
  if (given.method !== undefined && base === undefined) {
    const names = Object.keys(methods).map((name) => `"${name}"`).join(", ");
    throw new RangeError(`Cannot train method "${given.method}": known methods: ${names}`);
  }
  const loss = resolveLoss(given.loss ?? base?.loss ?? "tvp", given.variants);
  const usual = { ...usualChoices, ...base };
  const chosen = {
    kind: given.kind ?? usual.kind,
    optimizer: given.optimizer ?? usual.optimizer,
    augment: given.augment ?? usual.augment,
    views: given.views ?? usual.views,
    copies: given.copies ?? usual.copies,
    search: given.search ?? usual.search,
    layerDrop: given.layerDrop ?? usual.layerDrop,
  };
  return {
    label: given.label ?? labelOf(given.method, base?.loss, loss, [
      [usual.kind, nameOfKind(chosen.kind)],
      [usual.optimizer, chosen.optimizer],
      [usual.augment, chosen.augment],
      [viewsText(usual.views), viewsText(chosen.views)],
      [copiesText(usual.copies), copiesText(chosen.copies)],
      [searchText(usual.search), searchText(chosen.search)],
      [layersText(usual.layerDrop), layersText(chosen.layerDrop)],
      ["", limitsText(given.bound ?? {})],
    ]),
    loss: loss.weights,
    ...chosen,
  };
}

const viewsText = (views: readonly ViewName[]) =>
  views.length === 0 ? "no views" : views.join(" + ");
const copiesText = (copies: number) => copies === 1 ? "one copy" : `${copies} copies`;
const searchText = (search: SearchName) => search === "plain" ? "plain gradient" : search;
const layersText = (share: number) => share === 0 ? "all layers" : `layer drop ${share}`;

function labelOf(
  method: string | undefined,
  usualLoss: string | undefined,
  loss: Loss,
  choices: readonly (readonly [usual: string, chosen: string])[],
): string {
  const lossPart = method !== undefined && loss.method !== usualLoss ? [loss.method] : [];
  const others = choices.flatMap(([usual, chosen]) => usual === chosen ? [] : [chosen]);
  return [method ?? loss.method, ...lossPart, ...others].join(", ");
}

/** What a prompt's file says of its settings. */
export function metaOf(
  settings: PromptSettings,
  { sources, task }: Pick<PromptMeta, "sources" | "task">,
): PromptMeta {
  const { kind, canvas, image, label, loss, optimizer, schedule, augment } = settings;
  const { lr, steps, batch, seed, views, copies, search, layerDrop, bound } = settings;
  return {
    kind: nameOfKind(kind),
    ...(typeof kind === "string" ? {} : { placement: kind.placement }),
    ...{ canvas, image },
    sources: sources.map(({ name, digest }) => ({ name, digest })),
    ...{ task, method: label, loss: loss as Record<string, number> },
    ...{ optimizer, schedule, augment, lr, steps, batch, seed },
    ...(views.length === 0 ? {} : { views: viewsText(views) }),
    ...(copies === 1 ? {} : { copies }),
    ...(search === "plain" ? {} : { search }),
    ...(layerDrop === 0 ? {} : { layerDrop }),
    ...(limitsText(bound) === "" ? {} : { bound: limitsText(bound) }),
  };
}
