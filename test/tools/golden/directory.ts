/** The directory level: a whole model directory, from a picture and a sentence to the answer. @module */
import { join } from "@std/path";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { openGenerator } from "../../../lib/evaluation/generation.ts";
import { openScorer } from "../../../lib/evaluation/likelihood.ts";
import { composeLoss, lossFeeds } from "../../../lib/models/compose_loss.ts";
import { type LanguageModelDirectory, openModelDirectory } from "../../../lib/models/directory.ts";
import {
  type InstructionIds,
  openTextEncoder,
  type TextEncoder,
} from "../../../lib/models/prompt_text.ts";
import { toTextBatch } from "../../../lib/models/text_batch.ts";
import { composeModels } from "../../../lib/onnx/passes/compose.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import type { Provider } from "../../../lib/runtime/provider.ts";
import { openSession, type SessionOptions } from "../../../lib/runtime/session.ts";
import { toNumbers } from "../../../lib/tensor/convert.ts";
import { decodeSafetensors } from "../../../lib/tensor/safetensors.ts";
import { type Tensor, tensor } from "../../../lib/tensor/tensor.ts";
import { buildProcessor } from "../../../lib/vision/build_processor.ts";
import { decodeImage } from "../../../lib/vision/decode_image.ts";
import { preprocess } from "../../../lib/vision/preprocess.ts";
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
  readonly directory: LanguageModelDirectory;
  readonly text: TextEncoder;
  readonly instruction: InstructionIds;
  /** Tensors of the probe, by their own names. */
  readonly stored: Tensors;
  /** The probe's picture: bytes of a file, or floats from 0 to 1. */
  readonly picture: Tensor<"uint8" | "float32">;
  readonly session: SessionOptions;
}

/** Asks every probe of a case. */
export async function runDirectory(folder: CaseFolder, provider: Provider): Promise<Outcome> {
  const spec: DirectorySpec = JSON.parse(await Deno.readTextFile(join(folder.path, "case.json")));
  const { tensors } = decodeSafetensors(
    await Deno.readFile(join(folder.path, "data.safetensors")),
  );
  const directory = await openModelDirectory(folder.path);
  const text = await openTextEncoder(directory);
  const forward: Comparisons = {
    end_token_id: equal([text.endToken], [spec.end_token_id]),
    eos_token_ids: equal([...text.endTokens], spec.eos_token_ids),
  };
  const grads: Comparisons = {};
  for (const probe of spec.probes) {
    const asked: Asked = {
      spec,
      probe,
      directory,
      text,
      instruction: text.instruction(probe.instruction),
      stored: withoutPrefix(tensors, `${probe.name}.`),
      picture: await pictureOf(folder.path, probe, tensors),
      session: { provider, threads: 1 },
    };
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

async function pictureOf(
  path: string,
  { image }: Probe,
  tensors: Tensors,
): Promise<Asked["picture"]> {
  const picture = typeof image === "string"
    ? await decodeImage(await Deno.readFile(join(path, image)))
    : tensors[image.tensor] as Tensor<"float32">;
  return { ...picture, dims: [1, ...picture.dims] };
}

async function compareForward(asked: Asked): Promise<Comparisons> {
  const { probe, text, instruction, spec } = asked;
  const ids: Comparisons = {
    ids: equal(instruction.ids, probe.input_ids),
    "answer ids": equal(text.answer(probe.answer), probe.answer_ids),
    "image tokens": equal([text.imageTokens], [probe.image_tokens]),
  };
  for (const candidate of probe.candidates ?? []) {
    ids[`ids of ${JSON.stringify(candidate.text)}`] = equal(
      text.answer(candidate.text),
      candidate.ids,
    );
  }
  const own = preprocess(asked.picture, asked.directory.preprocessor);
  const pixels = asked.stored.pixel_values!;
  const { own_pixels: rtol } = spec.tolerances;
  return {
    ...ids,
    pixel_values: comparePixels(own, asked),
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

/** Pictures from files may differ by a byte's step; floats are computed as floats. */
function comparePixels(own: Tensor, { stored, spec, probe }: Asked): Comparison {
  const reference = stored.pixel_values!;
  if (typeof probe.image !== "string" || own.dims.join() !== reference.dims.join()) {
    return compareTensors(own, reference, { rtol: 1e-5, atol: 1e-5 });
  }
  const [a, b] = [toNumbers(own), toNumbers(reference)];
  const area = reference.dims.at(-1)! * reference.dims.at(-2)!;
  const worst = a.reduce((most, value, i) => {
    const std = spec.image_std[Math.floor(i / area) % 3]!;
    return Math.max(most, 255 * std * Math.abs(value - b[i]!));
  }, 0);
  const ok = worst <= spec.tolerances.pixel_values_255;
  return { error: 0, ok, problem: `is off by ${worst.toFixed(2)} of 255` };
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
  const { stored, probe, instruction, session } = asked;
  const { model, feeds } = await lossGraph(asked);
  await using opened = await openSession(model, session);
  const { loss, logits, image_features: features } = await opened.run({
    ...feeds,
    pixel_values: pixels,
  });
  const comparisons: Comparisons = { loss: near(loss!, probe.loss, tolerances.loss) };
  if (tolerances.image_features === undefined) return comparisons;
  const reference = stored.image_features!;
  const start = asked.directory.has("encoder_model") ? 0 : instruction.ids.length - 1;
  return {
    ...comparisons,
    image_features: compareTensors({ ...features!, dims: reference.dims }, reference, {
      rtol: tolerances.image_features,
      atol: 1e-6,
    }),
    answer_logits: compareTensors(
      rowsFrom(logits!, start, stored.answer_logits!.dims[0]!),
      stored.answer_logits!,
      { rtol: tolerances.logits!, atol: 1e-6 },
    ),
  };
}

async function lossGraph(asked: Asked): Promise<{ model: Model; feeds: Tensors }> {
  const { directory, text, instruction, probe } = asked;
  const answer = [...text.answer(probe.answer), text.endToken];
  const encoderDecoder = directory.has("encoder_model");
  const batch = toTextBatch(
    [{ instruction: instruction.ids, answer, qformer: instruction.qformerIds }],
    { padToken: text.padToken, ...(encoderDecoder ? { startToken: text.startToken } : {}) },
  );
  const model = await composeLoss(directory, {
    batch: 1,
    sequence: batch.inputIds.dims[1]!,
    imageTokens: text.imageTokens,
    imageStart: instruction.ids.indexOf(text.imageToken),
    ...(encoderDecoder ? { answer: answer.length } : {}),
    ...(instruction.qformerIds.length > 0 ? { qformer: instruction.qformerIds.length } : {}),
    logits: true,
  });
  return { model, feeds: lossFeeds(model, batch, text.imageToken) };
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
  const asIds = { ...text, decode: (ids: readonly number[]) => ids.join(" ") };
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

function lengths({ directory, text, instruction, session }: Asked) {
  return {
    directory,
    text,
    batch: 1,
    instructionLength: instruction.ids.length,
    qformerLength: instruction.qformerIds.length,
    session,
  };
}

/** The gradient of the loss by the canvas, through the model's own processor. */
async function compareGradient(asked: Asked): Promise<Comparisons> {
  const { stored, spec, picture, directory, session } = asked;
  const { model, feeds } = await lossGraph(asked);
  const processor = buildProcessor(directory.preprocessor, picture.dims.at(-1)!);
  const whole = composeModels([
    { name: "processor", model: processor },
    { name: "model", model, connect: { pixel_values: "processor.pixel_values" } },
  ]);
  const graph = addGradients(whole, { of: "model.loss", wrt: ["processor.image"] });
  await using opened = await openSession(graph, session);
  const results = await opened.run({ ...prefixed("model.", feeds), "processor.image": picture });
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
