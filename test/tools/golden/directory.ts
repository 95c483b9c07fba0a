/** The directory level: a whole model directory, from an image and a sentence to the answer. @module */
import { join } from "@std/path";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { openGenerator } from "../../../lib/evaluation/generation.ts";
import { openScorer } from "../../../lib/evaluation/likelihood.ts";
import { type LanguageModelDirectory, openModelDirectory } from "../../../lib/models/directory.ts";
import { type ImageLayout, layImage } from "../../../lib/models/image_layout.ts";
import { type PreparedLoss, prepareLoss } from "../../../lib/models/prepare_loss.ts";
import {
  type InstructionEncoder,
  type InstructionIds,
  openTextEncoder,
} from "../../../lib/models/instruction_text.ts";
import { composeModels } from "../../../lib/onnx/passes/compose.ts";
import type { Provider } from "../../../lib/runtime/provider.ts";
import { openSession, type SessionOptions } from "../../../lib/runtime/session.ts";
import { toNumbers } from "../../../lib/tensor/convert.ts";
import { decodeSafetensors } from "../../../lib/tensor/safetensors.ts";
import { type Tensor, tensor } from "../../../lib/tensor/tensor.ts";
import { processorGraph } from "../../../lib/vision/build_processor.ts";
import { decodeImage } from "../../../lib/vision/decode_image.ts";
import type { Layout } from "../../../lib/vision/image_plan.ts";
import { runPlan } from "../../../lib/vision/preprocess.ts";
import type { CaseFolder, Outcome } from "./case.ts";
import { compareTensors, type Comparison } from "./compare.ts";
import { outcome } from "./vjp.ts";

type Tensors = Readonly<Record<string, Tensor>>;
type Comparisons = Record<string, Comparison>;

/** The parts of case.json that this level reads; `composition`, `files` and `kind` it leaves alone. */
interface DirectorySpec {
  readonly end_token_id: number;
  readonly eos_token_ids: readonly number[];
  readonly image_std: readonly number[];
  readonly tolerances: Readonly<
    Record<
      | "pixel_values_255"
      | "image_features"
      | "logits"
      | "loss"
      | "scores"
      | "own_pixels"
      | "gradient",
      number
    >
  >;
  readonly probes: readonly Probe[];
}

/** A question with the numbers of the published model. */
interface Probe {
  readonly name: string;
  readonly image: string | { readonly tensor: string; readonly size: number };
  readonly processor_options?: Readonly<Record<string, unknown>>;
  readonly instruction: string;
  readonly answer: string;
  readonly input_ids: readonly number[];
  readonly image_tokens: number;
  readonly answer_ids: readonly number[];
  readonly loss: number;
  readonly candidates?: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly score: number;
  }[];
  readonly greedy?: { readonly max_new_tokens: number; readonly ids: readonly number[] };
  readonly gradient?: boolean;
}

/** What a probe is asked with. */
interface Asked {
  readonly spec: DirectorySpec;
  readonly probe: Probe;
  /** With the settings of the probe. */
  readonly directory: LanguageModelDirectory;
  readonly text: InstructionEncoder;
  readonly layout: ImageLayout;
  readonly instruction: InstructionIds;
  /** Tensors of the probe, by their own names. */
  readonly stored: Tensors;
  /** The probe's image: bytes of a file, or floats from 0 to 1. */
  readonly image: Tensor<"uint8" | "float32">;
  readonly session: SessionOptions;
}

/** Asks every probe of a case. */
export async function runDirectory(folder: CaseFolder, provider: Provider): Promise<Outcome> {
  const spec: DirectorySpec = JSON.parse(await Deno.readTextFile(join(folder.path, "case.json")));
  const { tensors } = decodeSafetensors(
    await Deno.readFile(join(folder.path, "data.safetensors")),
  );
  const opened = await openModelDirectory(folder.path);
  const forward: Comparisons = {};
  const grads: Comparisons = {};
  for (const probe of spec.probes) {
    const directory = {
      ...opened,
      preprocessor: { ...opened.preprocessor, ...probe.processor_options },
    };
    const image = await imageOf(folder.path, probe, tensors);
    const [, , height = 0, width = 0] = image.dims;
    const layout = await layImage(directory, { height, width });
    const text = await openTextEncoder(directory, layout);
    const asked: Asked = {
      spec,
      probe,
      directory,
      text,
      layout,
      instruction: text.instruction(probe.instruction),
      stored: withoutPrefix(tensors, `${probe.name}.`),
      image,
      session: { provider, threads: 1 },
    };
    forward.end_token_id = equal([text.endToken], [spec.end_token_id]);
    forward.eos_token_ids = equal([...text.endTokens], spec.eos_token_ids);
    Object.assign(forward, prefixed(`${probe.name} `, await compareForward(asked)));
    if (probe.gradient) {
      Object.assign(grads, prefixed(`${probe.name} `, await compareGradient(asked)));
    }
  }
  return outcome(forward, grads);
}

function withoutPrefix(tensors: Tensors, prefix: string): Tensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

async function imageOf(
  path: string,
  { image }: Probe,
  tensors: Tensors,
): Promise<Asked["image"]> {
  const decoded = typeof image === "string"
    ? await decodeImage(await Deno.readFile(join(path, image)))
    : tensors[image.tensor] as Tensor<"float32">;
  return { ...decoded, dims: [1, ...decoded.dims] };
}

async function compareForward(asked: Asked): Promise<Comparisons> {
  const { probe, text, spec } = asked;
  const ids: Comparisons = {
    ids: equal(shownIds(asked), probe.input_ids),
    "answer ids": equal(text.answer(probe.answer), probe.answer_ids),
    "image tokens": equal([text.imageTokens], [probe.image_tokens]),
  };
  for (const candidate of probe.candidates ?? []) {
    ids[`ids of ${JSON.stringify(candidate.text)}`] = equal(
      text.answer(candidate.text),
      candidate.ids,
    );
  }
  const own = runPlan(asked.image, asked.layout.plan);
  const pixels = { ...asked.stored.pixel_values!, dims: own.dims };
  const { own_pixels: rtol } = spec.tolerances;
  return {
    ...ids,
    pixel_values: comparePixels(own, asked),
    ...compareExtras(asked),
    ...await compareLoss(asked, pixels, spec.tolerances),
    ...await compareScores(asked, pixels, spec.tolerances.scores),
    ...await compareGreedy(asked, pixels),
    ...prefixed("own ", await compareLoss(asked, own, { loss: rtol })),
    ...prefixed("own ", await compareScores(asked, own, rtol)),
  };
}

function prefixed<T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

/** Ids as the processor gives them: features that stand in front of the text have none there. */
function shownIds({ instruction, directory, text }: Asked): readonly number[] {
  return directory.family.placement === "before-embeddings"
    ? instruction.ids.slice(text.imageTokens)
    : instruction.ids;
}

/** Images from files may differ by a byte's step; floats are computed as floats. */
function comparePixels(own: Tensor, { stored, spec, probe, layout }: Asked): Comparison {
  const reference = stored.pixel_values!;
  const dims = layout.encoder.pixels;
  if (typeof probe.image !== "string" || dims.join() !== reference.dims.join()) {
    return compareTensors({ ...own, dims }, reference, { rtol: 1e-5, atol: 1e-5 });
  }
  const [a, b] = [toNumbers(own), toNumbers(reference)];
  const channelOf = channels(layout.plan.layout, dims);
  const worst = a.reduce((most, value, i) => {
    const std = spec.image_std[channelOf(i)]!;
    return Math.max(most, 255 * std * Math.abs(value - b[i]!));
  }, 0);
  const ok = worst <= spec.tolerances.pixel_values_255;
  return { error: 0, ok, problem: `is off by ${worst.toFixed(2)} of 255` };
}

/** The channel of each of the `pixel_values`. */
function channels(layout: Layout, dims: readonly number[]): (index: number) => number {
  if (layout.kind === "patch-rows") return (i) => i % 3;
  const area = layout.kind === "merged-patches"
    ? layout.repeat * layout.side ** 2
    : dims.at(-1)! * dims.at(-2)!;
  return (i) => Math.floor(i / area) % 3;
}

/** The processor's other outputs, as far as the encoder reads them. */
function compareExtras({ layout, stored }: Asked): Comparisons {
  return Object.fromEntries(
    Object.entries(layout.encoder.constants).map(([name, value]) => {
      const reference = stored[name] ?? stored[`image_${name}`];
      const same = reference !== undefined && reference.dims.join() === value.dims.join();
      return [
        name,
        same ? equal([...toNumbers(value)], [...toNumbers(reference)]) : {
          error: 0,
          ok: false,
          problem: `has shape [${value.dims}] instead of [${reference?.dims}]`,
        },
      ];
    }),
  );
}

interface LossTolerances {
  readonly loss: number;
  readonly image_features?: number;
  readonly logits?: number;
}

async function compareLoss(
  asked: Asked,
  pixels: Tensor,
  tolerances: LossTolerances,
): Promise<Comparisons> {
  const { stored, probe, session } = asked;
  const { model, feeds, firstLogit } = await lossGraph(asked);
  await using opened = await openSession(model, session);
  const { loss, logits, image_features: features } = await opened.run({
    ...feeds([0]),
    pixel_values: pixels,
  });
  const comparisons: Comparisons = { loss: near(loss!, probe.loss, tolerances.loss) };
  if (tolerances.image_features === undefined) return comparisons;
  const reference = stored.image_features!;
  return {
    ...comparisons,
    image_features: compareTensors({ ...features!, dims: reference.dims }, reference, {
      rtol: tolerances.image_features,
      atol: 1e-6,
    }),
    answer_logits: compareTensors(
      rowsFrom(logits!, firstLogit(0), stored.answer_logits!.dims[0]!),
      stored.answer_logits!,
      { rtol: tolerances.logits!, atol: 1e-6 },
    ),
  };
}

async function lossGraph(asked: Asked): Promise<PreparedLoss> {
  const { directory, text, instruction, probe, layout } = asked;
  const answer = [...text.answer(probe.answer), text.endToken];
  const { ids, qformerIds: qformer, ...prompt } = instruction;
  const row = { instruction: ids, answer, qformer, ...prompt };
  return await prepareLoss(directory, text, [row], { batch: 1, image: layout, logits: true });
}

async function compareScores(asked: Asked, pixels: Tensor, rtol: number): Promise<Comparisons> {
  const { probe, instruction } = asked;
  const candidates = probe.candidates ?? [];
  if (candidates.length === 0) return {};
  await using scorer = await openScorer({
    ...lengths(asked),
    candidates: candidates.map((candidate) => candidate.text),
  });
  const [scores] = await scorer.score(pixels, [instruction]);
  return Object.fromEntries(candidates.map(({ text, score }, i) => [
    `score of ${JSON.stringify(text)}`,
    near(tensor("float64", [], Float64Array.of(scores![i]!)), score, rtol),
  ]));
}

async function compareGreedy(asked: Asked, pixels: Tensor): Promise<Comparisons> {
  const { probe, text, instruction } = asked;
  if (probe.greedy === undefined) return {};
  const asIds: InstructionEncoder = { ...text, decode: (ids) => ids.join(" ") };
  await using generator = await openGenerator({
    ...lengths(asked),
    text: asIds,
    maxTokens: probe.greedy.max_new_tokens,
  });
  const [answer] = await generator.generate(pixels, [instruction]);
  // An end token is the last id there, and no part of the answer here.
  const wanted = probe.greedy.ids.filter((id) => !text.endTokens.has(id));
  return { greedy: equal(answer!.split(" ").filter(Boolean).map(Number), wanted) };
}

function lengths({ directory, text, layout, instruction, session }: Asked) {
  return {
    directory,
    text,
    image: layout,
    batch: 1,
    instructionLength: instruction.ids.length,
    qformerLength: instruction.qformerIds.length,
    promptLength: instruction.prompt?.length ?? 1,
    session,
  };
}

/** The gradient of the loss by the canvas, through the model's own processor. */
async function compareGradient(asked: Asked): Promise<Comparisons> {
  const { stored, spec, image, layout, session } = asked;
  const { model, feeds } = await lossGraph(asked);
  const processor = processorGraph(layout.plan);
  const whole = composeModels([
    { name: "processor", model: processor },
    { name: "model", model, connect: { pixel_values: "processor.pixel_values" } },
  ]);
  const graph = addGradients(whole, { of: "model.loss", wrt: ["processor.image"] });
  await using opened = await openSession(graph, session);
  const results = await opened.run({
    ...prefixed("model.", feeds([0])),
    "processor.image": image,
  });
  const grad = results["grad.processor.image"]!;
  const reference = stored.grad!;
  return {
    gradient: compareTensors({ ...grad, dims: reference.dims }, reference, {
      rtol: spec.tolerances.gradient,
      atol: 1e-6,
    }),
  };
}

function equal(got: readonly number[], wanted: readonly number[]): Comparison {
  const ok = got.join() === wanted.join();
  return { error: 0, ok, problem: `[${got}] instead of [${wanted}]` };
}

function near(got: Tensor, wanted: number, rtol: number): Comparison {
  const [value] = toNumbers(got);
  const error = Math.abs(value! - wanted) / Math.abs(wanted);
  return { error, ok: error <= rtol, problem: `${value} instead of ${wanted}` };
}

/** Rows of [1, sequence, width]. */
function rowsFrom(logits: Tensor, start: number, count: number): Tensor {
  const width = logits.dims.at(-1)!;
  const data = toNumbers(logits).slice(start * width, (start + count) * width);
  return tensor("float64", [count, width], data);
}
