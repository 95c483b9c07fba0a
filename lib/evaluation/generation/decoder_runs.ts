/** Runs a model token by token, with several independent rows for each image. @module */
import {
  composeEncoder,
  composeFirstRun,
  composeNextToken,
  likeliestOf,
  pastInputs,
} from "../../models/compose_generate.ts";
import { isEncoderPast, isPast, presentOf } from "../../models/cached_states.ts";
import { emptyDims, type ImageSizes, isMerged } from "../../models/compose_model.ts";
import type { LanguageModelDirectory } from "../../models/directory.ts";
import { laterTypes, modelFeeds } from "../../models/feeds.ts";
import { dtypeOfInput } from "../../models/graph_inputs.ts";
import { laterPositions, positionOffsets } from "../../models/positions.ts";
import type { InstructionEncoder } from "../../models/instruction_text.ts";
import { indexVector, joinMasks, type TextBatch, toTextBatch } from "../../models/text_batch.ts";
import type { Model } from "../../onnx/ir/model.ts";
import { openSession, type Session, type SessionOptions } from "../../runtime/session.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { NextTokens } from "./token_search.ts";

/** What a decoder is opened for. */
export interface RunOptions {
  readonly directory: LanguageModelDirectory;
  readonly text: InstructionEncoder;
  /** How the images reach the vision encoder; default: as whole ones. */
  readonly image?: ImageSizes;
  /** Images per run. */
  readonly batch: number;
  /** Rows for each image, side by side. */
  readonly copies: number;
  /** Whether the likeliest token of each row is all that is looked at. */
  readonly likeliest: boolean;
  /** Length of the longest instruction, placeholders included. */
  readonly instructionLength: number;
  readonly qformerLength?: number;
  /** Longest answer in tokens. */
  readonly maxTokens: number;
  readonly session?: SessionOptions;
}

/** What one run leaves: the scores of the next token, and what the run after it builds on. */
export interface Step {
  /** [rows, vocabulary]; where nothing else is looked at, int64 [rows]: the likeliest tokens. */
  readonly scores: Tensor;
  readonly past: Readonly<Record<string, Tensor>>;
}

/** Runs a model token by token. */
export interface DecoderRuns extends AsyncDisposable {
  /**
   * Reads images and instructions.
   *
   * @param prompts Of a decoder of answers: what it reads first, in all rows as many tokens.
   */
  start(
    pixels: Tensor,
    batch: TextBatch,
    lengths: readonly number[],
    prompts: readonly (readonly number[])[],
  ): Promise<Step>;
  /** Reads one more token of each row. */
  next(step: Step, next: NextTokens): Promise<Step>;
}

/** Opens a model for running it token by token, as its graphs allow. */
export async function openDecoder(options: RunOptions): Promise<DecoderRuns> {
  const model = await options.directory.readPart("decoder_model_merged");
  const open = options.directory.has("encoder_model")
    ? openAnswering
    : pastInputs(model).length > 0
    ? openCached
    : openRepeating;
  return await open(options, model);
}

/** Decoder-only, on keys and values: the instruction's padding stays masked. */
async function openCached(options: RunOptions, decoder: Model): Promise<DecoderRuns> {
  const { directory, copies, text, instructionLength: sequence } = options;
  const firstModel = scoredBy(await composeFirstRun(directory, sizesOf(options)), options);
  await using opened = new AsyncDisposableStack();
  const first = opened.use(await openSession(firstModel, options.session));
  const next = opened.use(await openNext(options));
  const kept = opened.move();
  const names = pastInputs(decoder);
  let mask: Tensor<"int64">;
  let offsets: readonly number[];
  return {
    start: async (pixels, rows, lengths) => {
      const texts = { ids: rows.inputIds, mask: rows.attentionMask };
      mask = joinMasks(texts.mask, { rows: copies, length: 0 });
      offsets = positionOffsets(texts, text).flatMap((offset) => new Array(copies).fill(offset));
      const results = await first.run({
        pixel_values: pixels,
        ...modelFeeds(firstModel, rows, text),
        last_index: indexVector(lengths.map((n, row) => row * sequence + n - 1)),
      });
      const past = pastFrom(results, names, "decoder.");
      return copied({ scores: scoresIn(results), past }, copies);
    },
    next: async (step, { tokens, from }) => {
      mask = joinMasks(mask, { rows: 1, length: 1 });
      const rules = { mask, offsets, text };
      const past = pastOf(step, from);
      const results = await next.run(nextFeeds(next, tokens, rules, past));
      return stepFrom(results, names);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/**
 * An encoder, and a decoder that starts with the start symbol on an empty past. What it computes from
 * the encoder's states in the first run stays as it is.
 */
async function openAnswering(options: RunOptions, decoder: Model): Promise<DecoderRuns> {
  const { directory, batch, copies, text } = options;
  const count = batch * copies;
  const encoderModel = await composeEncoder(directory, sizesOf(options));
  await using opened = new AsyncDisposableStack();
  const encoder = opened.use(await openSession(encoderModel, options.session));
  const next = opened.use(await openNext(options));
  const first = isMerged(decoder) ? opened.use(await openNext(options, false)) : next;
  const kept = opened.move();
  const names = pastInputs(decoder);
  const grown = names.filter((name) => !isEncoderPast(name));
  let encoded: Record<string, Tensor>;
  const advance = async (session: Session, past: Step["past"], tokens: readonly number[]) => {
    const length = past[grown[0] ?? ""]?.dims[2] ?? 0;
    const mask = tensor(
      "int64",
      [count, length + 1],
      new BigInt64Array(count * (length + 1)).fill(1n),
    );
    const rules = { mask, offsets: tokens.map(() => 0), text };
    const feeds = nextFeeds(session, tokens, rules, { ...past, ...encoded });
    const step = stepFrom(await session.run(feeds), length === 0 ? names : grown);
    return { ...step, past: { ...past, ...step.past } };
  };
  return {
    start: async (pixels, rows, _, prompts) => {
      const results = await encoder.run({
        pixel_values: pixels,
        ...modelFeeds(encoderModel, rows, text),
      });
      encoded = {
        encoder_hidden_states: repeated(results["encoder.last_hidden_state"]!, copies),
        encoder_attention_mask: repeated(rows.attentionMask, copies),
      };
      const tokensAt = (place: number) =>
        prompts.flatMap((prompt) => new Array<number>(copies).fill(prompt[place]!));
      let step = await advance(first, emptyPast(decoder, count), tokensAt(0));
      for (let place = 1; place < prompts[0]!.length; place++) {
        step = await advance(next, step.past, tokensAt(place));
      }
      return step;
    },
    next: (step, { tokens, from }) => advance(next, pastOf(step, from), tokens),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Without a past: every token runs the whole sequence again, each copy of the rows in a run of its own. */
async function openRepeating(options: RunOptions): Promise<DecoderRuns> {
  const { batch: images, copies, directory, text } = options;
  const sequence = options.instructionLength + options.maxTokens;
  const sizes = { ...sizesOf(options), sequence };
  const model = scoredBy(await composeFirstRun(directory, sizes), options);
  const session = await openSession(model, options.session);
  let pixelValues: Tensor;
  let rows: readonly (readonly number[])[];
  const runCopy = async (copy: number): Promise<Tensor> => {
    const texts = Array.from({ length: images }, (_, i) => rows[i * copies + copy]!);
    const batch = toTextBatch(texts.map((instruction) => ({ instruction, answer: [] })), {
      padToken: text.padToken,
      length: sequence,
    });
    const results = await session.run({
      pixel_values: pixelValues,
      ...modelFeeds(model, batch, text),
      last_index: indexVector(texts.map((ids, row) => row * sequence + ids.length - 1)),
    });
    return scoresIn(results);
  };
  const run = async (): Promise<Step> => {
    const runs: Tensor[] = [];
    for (let copy = 0; copy < copies; copy++) runs.push(await runCopy(copy));
    return { scores: interleaved(runs), past: {} };
  };
  return {
    start: (pixels, batch, lengths) => {
      pixelValues = pixels;
      const width = batch.inputIds.dims[1]!;
      rows = lengths.flatMap((n, row) => {
        const ids = Array.from(batch.inputIds.data.subarray(row * width, row * width + n), Number);
        return new Array(copies).fill(ids);
      });
      return run();
    },
    next: (_, { tokens, from }) => {
      rows = tokens.map((token, row) => [...rows[from?.[row] ?? row]!, token]);
      return run();
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

function sizesOf(options: RunOptions) {
  return {
    batch: options.batch,
    sequence: options.instructionLength,
    imageTokens: options.text.imageTokens,
    ...(options.image === undefined ? {} : { image: options.image }),
    ...(options.qformerLength === undefined ? {} : { qformer: options.qformerLength }),
  };
}

interface NextRules {
  /** Of all tokens so far, [batch, total]. */
  readonly mask: Tensor<"int64">;
  readonly offsets: readonly number[];
  readonly text: InstructionEncoder;
}

function nextFeeds(
  session: Session,
  tokens: readonly number[],
  { mask, offsets, text }: NextRules,
  others: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  const { names, positions } = nextInputsOf(session);
  const feeds: Record<string, Tensor> = {
    next_ids: tensor("int64", [tokens.length, 1], BigInt64Array.from(tokens, BigInt)),
  };
  if (names.has("next_mask")) feeds.next_mask = mask;
  if (names.has("next_token_type_ids")) {
    feeds.next_token_type_ids = laterTypes([tokens.length, 1], text);
  }
  if (positions !== undefined) {
    feeds.next_position_ids = laterPositions(positions.dims, mask, 1, offsets);
  }
  for (const name in others) if (names.has(name)) feeds[name] = others[name]!;
  return feeds;
}

interface NextInputs {
  readonly names: ReadonlySet<string>;
  readonly positions: Session["inputs"][number] | undefined;
}

const nextInputs = new WeakMap<Session, NextInputs>();

/** The inputs of a session, looked up once and not for every token. */
function nextInputsOf(session: Session): NextInputs {
  let found = nextInputs.get(session);
  if (found === undefined) {
    const names = new Set(session.inputs.map(({ name }) => name));
    const positions = session.inputs.find(({ name }) => name === "next_position_ids");
    nextInputs.set(session, found = { names, positions });
  }
  return found;
}

/** The graph of one more token. */
async function openNext(options: RunOptions, onPast = true): Promise<Session> {
  const { directory, batch, copies, session } = options;
  const model = await composeNextToken(directory, batch * copies, onPast);
  return await openSession(scoredBy(model, options, "step.logits"), session);
}

/** A graph that gives what is looked at. */
function scoredBy(model: Model, { likeliest }: RunOptions, logits = "logits"): Model {
  return likeliest ? likeliestOf(model, logits) : model;
}

/** The scores of the next token as a run gives them, without a dimension for the one token read. */
function scoresIn({ likeliest, logits, ...others }: Readonly<Record<string, Tensor>>): Tensor {
  if (likeliest !== undefined) return { ...likeliest, dims: [likeliest.data.length] };
  const scores = logits ?? others["step.logits"]!;
  return { ...scores, dims: [scores.dims[0]!, scores.dims.at(-1)!] };
}

function stepFrom(results: Readonly<Record<string, Tensor>>, names: readonly string[]): Step {
  return { scores: scoresIn(results), past: pastFrom(results, names, "step.") };
}

function pastFrom(
  results: Readonly<Record<string, Tensor>>,
  names: readonly string[],
  prefix: string,
): Record<string, Tensor> {
  return Object.fromEntries(names.map((name) => [name, results[prefix + presentOf(name)]!]));
}

/** The past that each row goes on with; what comes from the encoder is the same in all rows of an image. */
function pastOf({ past }: Step, from: readonly number[] | undefined): Step["past"] {
  if (from === undefined || from.every((row, i) => row === i)) return past;
  return Object.fromEntries(
    Object.entries(past).map(([name, value]) =>
      [name, isEncoderPast(name) ? value : takeRows(value, from)] as const
    ),
  );
}

/** A step with each of its rows repeated. */
function copied({ scores, past }: Step, copies: number): Step {
  if (copies === 1) return { scores, past };
  const pasts = Object.entries(past).map(([name, value]) => [name, repeated(value, copies)]);
  return { scores: repeated(scores, copies), past: Object.fromEntries(pasts) };
}

function repeated<T extends Tensor>(value: T, copies: number): T {
  if (copies === 1) return value;
  const rows = Array.from({ length: value.dims[0]! * copies }, (_, i) => Math.floor(i / copies));
  return takeRows(value, rows);
}

/** Rows of a tensor by their places along its first dimension. */
function takeRows<T extends Tensor>(value: T, rows: readonly number[]): T {
  const [count, ...rest] = value.dims as [number, ...number[]];
  const size = value.data.length / count;
  const make = value.data.constructor as new (length: number) => typeof value.data;
  const data = new make(rows.length * size);
  rows.forEach((row, i) =>
    data.set(value.data.subarray(row * size, (row + 1) * size) as never, i * size)
  );
  return { ...value, dims: [rows.length, ...rest], data };
}

/** The first rows of all, then their second ones. */
function interleaved(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (tensors.length === 1) return first!;
  const [rows, width] = first!.dims as [number, number];
  const data = new Float32Array(tensors.length * rows * width);
  tensors.forEach((values, copy) => {
    for (let row = 0; row < rows; row++) {
      const source = values.data.subarray(row * width, (row + 1) * width) as Float32Array;
      data.set(source, (row * tensors.length + copy) * width);
    }
  });
  return tensor("float32", [tensors.length * rows, width], data);
}

function emptyPast(decoder: Model, batch: number): Record<string, Tensor> {
  const infos = decoder.graph.inputs.filter(({ name }) => isPast(name));
  return Object.fromEntries(
    infos.map((info) => [info.name, zeros(dtypeOfInput(info), emptyDims(info, batch))]),
  );
}
