/** The features that loss terms compare: those of clean images, and their importance. @module */
import type { Model } from "../onnx/ir/model.ts";
import { openSession } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { PickedRow } from "./batches.ts";
import { CleanFeatures } from "./clean_features.ts";
import { importanceOf, type ImportanceSessions } from "./importance.ts";
import type { SourceNames, StepGraph } from "./step_graph.ts";
import { sessionOptionsOf, type TrainingHost } from "./trainer.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** A batch. */
interface ComparedBatch {
  readonly picks: readonly PickedRow[];
  /** What the graphs take for it, the values of an untrained prompt included, but δ, which is 0. */
  readonly known: Tensors;
  /** Seed of what is drawn for it. */
  readonly seed: string;
}

/** Sessions that are open, and what they say of a batch. */
export interface ComparedFeatures extends AsyncDisposable {
  /** Tensors under the names of the step graph's inputs; none where no term asks for any. */
  of(batch: ComparedBatch): Promise<Record<string, Tensor>>;
}

/**
 * Opens the sessions that the terms of a step graph need.
 *
 * @param repeats Whether the same image is seen in the same way again, so that its features are kept.
 */
export async function openCompared(
  { sources, features, importance }: StepGraph,
  { host, repeats }: { readonly host: TrainingHost; readonly repeats: boolean },
): Promise<ComparedFeatures> {
  const isClean = sources.some((source) =>
    source.cleanFeatures !== undefined || source.cleanHiddenFeatures !== undefined
  );
  await using opened = new AsyncDisposableStack();
  const open = async (model: Model) => opened.use(await openSession(model, sessionOptionsOf(host)));
  const seen = isClean || importance ? await open(features) : undefined;
  const gradients = importance && await open(importance);
  const hidden = sources.flatMap(({ hiddenFeatures }) => hiddenFeatures ?? []);
  const clean = isClean ? new CleanFeatures(seen!, repeats) : undefined;
  const sessions = gradients && { features: seen!, gradients, hidden };
  const kept = opened.move();
  return {
    of: async ({ picks, known, seed }) => ({
      ...cleanFeeds(sources, await clean?.of(picks, known) ?? {}),
      ...await importanceFeeds(sources, sessions, { known, seed }),
    }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Tensors by the input that takes them, from what they are called where they are computed. */
function fedAs(
  sources: readonly SourceNames[],
  [output, input]: readonly ["imageFeatures" | "hiddenFeatures", keyof SourceNames],
  computed: Tensors,
): Record<string, Tensor> {
  return Object.fromEntries(sources.flatMap((source) => {
    const [from, to] = [source[output], source[input]];
    return from === undefined || to === undefined ? [] : [[to, computed[from]!]];
  }));
}

function cleanFeeds(sources: readonly SourceNames[], computed: Tensors): Record<string, Tensor> {
  if (Object.keys(computed).length === 0) return {};
  return {
    ...fedAs(sources, ["imageFeatures", "cleanFeatures"], computed),
    ...fedAs(sources, ["hiddenFeatures", "cleanHiddenFeatures"], computed),
  };
}

async function importanceFeeds(
  sources: readonly SourceNames[],
  sessions: ImportanceSessions | undefined,
  { known, seed }: Pick<ComparedBatch, "known" | "seed">,
): Promise<Record<string, Tensor>> {
  if (sessions === undefined) return {};
  const computed = await importanceOf(sessions, known, seed);
  return fedAs(sources, ["hiddenFeatures", "importance"], computed);
}
