/** What a training is made of, once a method and the choices beside it are put together. @module */
import type { LossWeights } from "../losses/loss_table.ts";
import { type Loss, resolveLoss } from "../losses/variants.ts";
import type { PromptName } from "../prompts/prompt_table.ts";
import type { AugmentName } from "./augment.ts";
import { methods, usualChoices } from "./method_table.ts";
import type { OptimizerName } from "./optimizer.ts";

/** Choices as a pipeline file gives them. */
export interface GivenChoices<Kind extends string = PromptName> {
  /** Name of a method; what is given beside it replaces its choices. */
  readonly method?: string | undefined;
  readonly loss?: string | LossWeights | undefined;
  readonly variants?: Readonly<Record<string, LossWeights>> | undefined;
  /** Name of a kind of prompt, of the table or of one's own. */
  readonly kind?: Kind | undefined;
  readonly optimizer?: OptimizerName | undefined;
  readonly augment?: AugmentName | undefined;
  /** What tables call the prompt, instead of the name that follows from the choices. */
  readonly label?: string | undefined;
}

/** All choices made. */
export interface Choices<Kind extends string = PromptName> {
  readonly label: string;
  readonly weights: LossWeights;
  readonly kind: Kind;
  readonly optimizer: OptimizerName;
  readonly augment: AugmentName;
}

/**
 * Puts a method and choices together. The label names the method, or else the loss, and what
 * differs from it: `tvp, patch, adam`.
 *
 * @throws {RangeError} If the method or the loss is unknown, or all weights are 0.
 *
 * @example
 * ```ts
 * resolveChoices({ method: "evp", optimizer: "adam" }).label; // "evp, adam"
 * ```
 */
export function resolveChoices<Kind extends string = PromptName>(
  given: GivenChoices<Kind>,
): Choices<Kind | PromptName> {
  const base = given.method === undefined ? undefined : methods[given.method];
  if (given.method !== undefined && base === undefined) {
    const names = Object.keys(methods).map((name) => `"${name}"`).join(", ");
    throw new RangeError(`Cannot train method "${given.method}": known methods are ${names}`);
  }
  const loss = resolveLoss(given.loss ?? base?.loss ?? "tvp", given.variants);
  const { kind, optimizer, augment } = { ...usualChoices, ...base };
  const chosen = {
    kind: given.kind ?? kind,
    optimizer: given.optimizer ?? optimizer,
    augment: given.augment ?? augment,
  };
  return {
    label: given.label ?? labelOf(given.method, base?.loss, loss, [
      [kind, chosen.kind],
      [optimizer, chosen.optimizer],
      [augment, chosen.augment],
    ]),
    weights: loss.weights,
    ...chosen,
  };
}

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
