/** The views by name. A new one is a file and a row. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { Random } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { admix } from "./admix.ts";
import { blockShuffle } from "./block_shuffle.ts";
import { patchOut } from "./patch_out.ts";
import { resize } from "./resize.ts";
import { scale } from "./scale.ts";
import { shift } from "./shift.ts";
import { spectrum } from "./spectrum.ts";
import { tokenDrop } from "./token_drop.ts";
import type { Seen, View, ViewSizes } from "./view.ts";

/** All views. */
export const views = {
  resize,
  shift,
  scale,
  admix,
  spectrum,
  "block-shuffle": blockShuffle,
  "patch-out": patchOut,
  "token-drop": tokenDrop,
} satisfies Record<string, View>;

/** Name of a view. */
export type ViewName = keyof typeof views;

/** Input of a step graph that a view takes. */
const inputName = (view: string, input: string): string => `view.${view}.${input}`;

/** Appends views one behind the other; their inputs are `view.<name>.<input>`. */
export function buildViews(
  builder: GraphBuilder,
  names: readonly ViewName[],
  { pixels, clean }: Seen,
  sizes: ViewSizes,
): Value {
  return names.reduce((seen, name) => {
    const view: View = views[name];
    const inputs = Object.entries(view.inputs(sizes)).map(([input, dims]) => {
      const type = view.indices?.includes(input) ? "int64" : "float32";
      return [input, builder.input(inputName(name, input), type, dims)] as const;
    });
    return view.build(builder, { pixels: seen, clean }, Object.fromEntries(inputs), sizes);
  }, pixels);
}

/** Where views are drawn: by seed, step and copy alone, so that nothing of them is saved. */
export interface ViewPlace extends ViewSizes {
  readonly seed: number;
  readonly step: number;
  readonly copy: number;
}

/** What a step graph with these views takes. */
export function viewFeeds(
  names: readonly ViewName[],
  { seed, step, ...place }: ViewPlace,
): Record<string, Tensor> {
  return Object.fromEntries(names.flatMap((name) => {
    const random = new Random(`view ${name} ${seed} ${step} ${place.copy}`);
    const drawn = Object.entries(views[name].draw({ ...place, random }));
    return drawn.map(([input, value]) => [inputName(name, input), value] as const);
  }));
}
