/** What the step graph of a prompt takes in each step: images, texts, and what is drawn. @module */
import type { ValueInfo } from "../onnx/ir/model.ts";
import { parameterTensors } from "../tensor/flat_parameters.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { PickedRow } from "./batches.ts";
import type { ComparedFeatures } from "./compared_features.ts";
import { drawnFeeds } from "./drawn_feeds.ts";
import type { PromptTraining } from "./prompt_training.ts";
import { type ImagesAhead, orderOf } from "./images_ahead.ts";
import { partsOf } from "./memory_plan.ts";
import type { PreparedPrompt } from "./prepare_prompt.ts";
import { sourceFeeds } from "./step_graph.ts";
import { askedOf } from "./training_graph.ts";

/**
 * Everything but the prompt that the graph takes in a step.
 *
 * @param run Which of the runs, from 0: the parts of the batch, one behind the other, copy by copy.
 */
export type PromptFeeds = (step: number, run: number) => Promise<Record<string, Tensor>>;

/**
 * What models take for images beside them: texts, and captions where a term asks.
 *
 * @param picks Rows of a run: a part of the batch, each of them equally often.
 * @param batch All rows of the batch.
 */
export function textFeeds(
  { sources, clip, graph }: PreparedPrompt,
  picks: readonly PickedRow[],
  batch: readonly PickedRow[],
): Record<string, Tensor> {
  const feeds = sources.map((source, i) => {
    const names = graph.sources[i]!;
    const { answerShare } = names;
    const parts = batch.length / picks.length;
    const share = parts * source.answerTokens(picks) / source.answerTokens(batch);
    return {
      ...sourceFeeds(names, source.feeds(picks)),
      ...(answerShare === undefined
        ? {}
        : { [answerShare]: tensor("float32", [], Float32Array.of(share)) }),
    };
  });
  const captions = graph.captions === undefined ? {} : { [graph.captions]: clip!.captions(picks) };
  return Object.assign(captions, ...feeds) as Record<string, Tensor>;
}

/** Makes the feeds of a training's steps. */
export function promptFeeds(
  training: PromptTraining,
  { prepared, ahead, compared }: {
    readonly prepared: PreparedPrompt;
    readonly ahead: ImagesAhead;
    readonly compared: ComparedFeatures;
  },
): PromptFeeds {
  const { graph, places, initial, plan } = prepared;
  const { settings } = training;
  const { microBatch } = plan;
  const parts = partsOf(settings.batch, microBatch);
  const untrained = parameterTensors(places, initial);
  const sources = prepared.sources.map(({ gates }, i) => ({ ...graph.sources[i]!, gates }));
  const { inputs } = graph.model.graph;
  const batchOf = orderOf(training);
  let images: Tensor | undefined;
  return async (step, run) => {
    if (run === 0 || images === undefined) images = await ahead.get(step);
    const copy = Math.floor(run / parts.length);
    const part = parts[run % parts.length]!;
    const batch = batchOf(step);
    const rows = Array.from({ length: microBatch }, (_, i) => part.start + i % part.images);
    const picks = rows.map((row) => batch[row]!);
    const whole = { images, ...drawnFeeds(settings, sources, { step, copy }) };
    const fed = {
      ...(parts.length === 1 ? whole : rowsOfRun(whole, inputs, { rows, of: settings.batch })),
      ...textFeeds(prepared, picks, batch),
    };
    const seed = `compared ${settings.seed} ${step} ${copy}`;
    const features = await compared.of({ picks, known: { ...fed, ...untrained }, seed });
    return askedOf(inputs, { ...fed, ...features });
  };
}

/** The rows of a run, of what has a row for each image of the batch; the rest as it is. */
function rowsOfRun(
  whole: Readonly<Record<string, Tensor>>,
  inputs: readonly ValueInfo[],
  { rows, of: batch }: { readonly rows: readonly number[]; readonly of: number },
): Record<string, Tensor> {
  const asked = new Map(inputs.map(({ name, type }) => [name, type] as const));
  return Object.fromEntries(
    Object.entries(whole).map(([name, value]) => {
      const type = asked.get(name);
      const taken = type?.kind === "tensor" ? type.dims?.[0] : undefined;
      const isByImage = taken === rows.length && value.dims[0] === batch;
      return [name, isByImage ? pickRows(value, rows) : value];
    }),
  );
}

/** Rows of a tensor, fewer than it has. */
function pickRows(value: Tensor, rows: readonly number[]): Tensor {
  const [length, ...rest] = value.dims as [number, ...number[]];
  const size = value.data.length / length;
  const data = value.data.slice(0, rows.length * size);
  rows.forEach((row, i) => {
    data.set(value.data.subarray(row * size, (row + 1) * size) as never, i * size);
  });
  return { ...value, dims: [rows.length, ...rest], data } as Tensor;
}
