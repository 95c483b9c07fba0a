/** Draws the random inputs of each copy of a step: views, and dropped layers. @module */
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { PromptSettings } from "./prompt_settings.ts";
import { gateName } from "./residual_layers.ts";
import { viewFeeds, type ViewPlace } from "./views/view_table.ts";

/** A source as a step graph calls it. */
interface DrawnSource {
  readonly prefix: string;
  /** Number of its layers that may be dropped. */
  readonly gates: number;
}

/** Gates of a source's layers: 0 with probability `layerDrop`, and on average 1. */
function gateFeeds({ prefix, gates }: DrawnSource, layerDrop: number, random: Random) {
  return Array.from({ length: gates }, (_, layer) => {
    const gate = random.uniform() < layerDrop ? 0 : 1 / (1 - layerDrop);
    const name = `${prefix}${gateName(layer)}`;
    return [name, tensor("float32", [], Float32Array.of(gate))] as const;
  });
}

/** The inputs of a step graph that are drawn by seed, step and copy alone. */
export function drawnFeeds(
  { seed, batch, canvas, views, layerDrop }: PromptSettings,
  sources: readonly DrawnSource[],
  at: Pick<ViewPlace, "step" | "copy">,
): Record<string, Tensor> {
  const gates = sources.flatMap((source, i) =>
    gateFeeds(source, layerDrop, new Random(`layers ${i} ${seed} ${at.step} ${at.copy}`))
  );
  return { ...viewFeeds(views, { seed, batch, canvas, ...at }), ...Object.fromEntries(gates) };
}
