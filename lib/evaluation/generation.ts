/** Free answers: greedy generation, a batch of pictures at a time. @module */
import {
  composeEncoder,
  composeFirstRun,
  composeNextToken,
  pastInputs,
} from "../models/compose_generate.ts";
import {
  emptyDims,
  isEncoderPast,
  isMerged,
  isPast,
  type PictureSizes,
  presentOf,
} from "../models/compose_model.ts";
import type { LanguageModelDirectory } from "../models/directory.ts";
import { laterTypes, modelFeeds } from "../models/feeds.ts";
import { dtypeOfInput } from "../models/graph_inputs.ts";
import { laterPositions, positionOffsets } from "../models/positions.ts";
import type { InstructionIds, PromptEncoder } from "../models/prompt_text.ts";
import { indexVector, joinMasks, type TextBatch, toTextBatch } from "../models/text_batch.ts";
import type { Model } from "../onnx/ir/model.ts";
import { openSession, type Session, type SessionOptions } from "../runtime/session.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { fillBatch, fillRows } from "./batch_fill.ts";

/** What a generator is opened for. */
export interface GeneratorOptions {
  readonly directory: LanguageModelDirectory;
  readonly text: PromptEncoder;
  /** How the pictures reach the vision encoder; default: as whole ones. */
  readonly picture?: PictureSizes;
  /** Pictures per run. */
  readonly batch: number;
  /** Length of the longest instruction, placeholders included. */
  readonly instructionLength: number;
  readonly qformerLength?: number;
  /** Longest answer in tokens. */
  readonly maxTokens: number;
  readonly session?: SessionOptions;
}

/** Generates answers. */
export interface Generator extends AsyncDisposable {
  /**
   * Answers a batch: the most likely token at each step, up to an end symbol.
   *
   * @param pixels `pixel_values`, at most as many pictures as the generator's batch.
   * @param instructions One for each picture.
   */
  generate(pixels: Tensor, instructions: readonly InstructionIds[]): Promise<readonly string[]>;
}

/** What one run leaves: the scores of the next token, and what the run after it builds on. */
interface Step {
  /** [batch, vocabulary] */
  readonly logits: Tensor;
  readonly past: Readonly<Record<string, Tensor>>;
}

/** Runs a model token by token. */
interface Decoder extends AsyncDisposable {
  start(pixels: Tensor, batch: TextBatch, lengths: readonly number[]): Promise<Step>;
  next(step: Step, tokens: readonly number[]): Promise<Step>;
}

/** Opens a generator. */
export async function openGenerator(options: GeneratorOptions): Promise<Generator> {
  const model = await options.directory.readPart("decoder_model_merged");
  const open = options.directory.has("encoder_model")
    ? openAnswering
    : pastInputs(model).length > 0
    ? openCached
    : openRepeating;
  const decoder = await open(options, model);
  return {
    generate: (pixels, instructions) => generate(decoder, options, pixels, instructions),
    [Symbol.asyncDispose]: () => decoder[Symbol.asyncDispose](),
  };
}

async function generate(
  decoder: Decoder,
  options: GeneratorOptions,
  pixels: Tensor,
  instructions: readonly InstructionIds[],
): Promise<readonly string[]> {
  const { text, maxTokens } = options;
  const rows = fillRows(instructions, options.batch);
  const batch = toTextBatch(
    rows.map(({ ids, qformerIds }) => ({ instruction: ids, answer: [], qformer: qformerIds })),
    {
      padToken: text.padToken,
      length: options.instructionLength,
      qformerLength: options.qformerLength ?? 0,
    },
  );
  const answers: number[][] = rows.map(() => []);
  const running = new Set(instructions.keys());
  let step = await decoder.start(
    fillBatch(pixels, options.batch),
    batch,
    rows.map(({ ids }) => ids.length),
  );
  for (let count = 0; count < maxTokens; count++) {
    const tokens = count === 0 && text.forcedToken !== undefined
      ? rows.map(() => text.forcedToken!)
      : largestPerRow(step.logits);
    for (const row of [...running]) {
      if (text.endTokens.has(tokens[row]!)) running.delete(row);
      else answers[row]!.push(tokens[row]!);
    }
    if (running.size === 0 || count + 1 === maxTokens) break;
    step = await decoder.next(step, tokens);
  }
  return answers.slice(0, instructions.length).map((ids) => text.decode(ids).trim());
}

function largestPerRow({ dims, data }: Tensor): readonly number[] {
  const width = dims.at(-1)!;
  return Array.from({ length: dims[0]! }, (_, row) => {
    let best = 0;
    for (let i = 1; i < width; i++) {
      if (data[row * width + i]! > data[row * width + best]!) best = i;
    }
    return best;
  });
}

/** Decoder-only, on keys and values: the instruction's padding stays masked. */
async function openCached(options: GeneratorOptions, decoder: Model): Promise<Decoder> {
  const { directory, batch, text, instructionLength: sequence } = options;
  const firstModel = await composeFirstRun(directory, sizesOf(options));
  const first = await openSession(firstModel, options.session);
  const next = await openSession(await composeNextToken(directory, batch), options.session);
  const names = pastInputs(decoder);
  let mask: Tensor<"int64">;
  let offsets: readonly number[];
  return {
    start: async (pixels, rows, lengths) => {
      mask = rows.attentionMask;
      offsets = positionOffsets({ ids: rows.inputIds, mask }, text);
      const results = await first.run({
        pixel_values: pixels,
        ...modelFeeds(firstModel, rows, text),
        last_index: indexVector(lengths.map((n, row) => row * sequence + n - 1)),
      });
      return { logits: results.logits!, past: pastFrom(results, names, "decoder.") };
    },
    next: async (step, tokens) => {
      mask = joinMasks(mask, { rows: 1, length: 1 });
      const rules = { mask, offsets, text };
      const results = await next.run(nextFeeds(next, tokens, rules, step.past));
      return stepFrom(results, names);
    },
    [Symbol.asyncDispose]: () => disposeAll(first, next),
  };
}

/**
 * An encoder, and a decoder that starts with the start symbol on an empty past. What it computes from
 * the encoder's states in the first run stays as it is.
 */
async function openAnswering(options: GeneratorOptions, decoder: Model): Promise<Decoder> {
  const { directory, batch, text } = options;
  const encoderModel = await composeEncoder(directory, sizesOf(options));
  const encoder = await openSession(encoderModel, options.session);
  const next = await openSession(await composeNextToken(directory, batch), options.session);
  const first = isMerged(decoder)
    ? await openSession(await composeNextToken(directory, batch, false), options.session)
    : next;
  const names = pastInputs(decoder);
  const grown = names.filter((name) => !isEncoderPast(name));
  let encoded: Record<string, Tensor>;
  const advance = async (session: Session, past: Step["past"], tokens: readonly number[]) => {
    const length = past[grown[0] ?? ""]?.dims[2] ?? 0;
    const mask = tensor(
      "int64",
      [batch, length + 1],
      new BigInt64Array(batch * (length + 1)).fill(1n),
    );
    const rules = { mask, offsets: tokens.map(() => 0), text };
    const feeds = nextFeeds(session, tokens, rules, { ...past, ...encoded });
    const step = stepFrom(await session.run(feeds), length === 0 ? names : grown);
    return { ...step, past: { ...past, ...step.past } };
  };
  return {
    start: async (pixels, rows) => {
      const results = await encoder.run({
        pixel_values: pixels,
        ...modelFeeds(encoderModel, rows, text),
      });
      encoded = {
        encoder_hidden_states: results["encoder.last_hidden_state"]!,
        encoder_attention_mask: rows.attentionMask,
      };
      const start = new Array(batch).fill(text.startToken);
      return await advance(first, emptyPast(decoder, batch), start);
    },
    next: (step, tokens) => advance(next, step.past, tokens),
    [Symbol.asyncDispose]: () => disposeAll(...new Set([encoder, first, next])),
  };
}

/** Without a past: every token runs the whole sequence again. */
async function openRepeating(options: GeneratorOptions): Promise<Decoder> {
  const { directory, text } = options;
  const sequence = options.instructionLength + options.maxTokens;
  const model = await composeFirstRun(directory, { ...sizesOf(options), sequence });
  const session = await openSession(model, options.session);
  let pixelValues: Tensor;
  let rows: number[][];
  const run = async (): Promise<Step> => {
    const batch = toTextBatch(rows.map((instruction) => ({ instruction, answer: [] })), {
      padToken: text.padToken,
      length: sequence,
    });
    const results = await session.run({
      pixel_values: pixelValues,
      ...modelFeeds(model, batch, text),
      last_index: indexVector(rows.map((ids, row) => row * sequence + ids.length - 1)),
    });
    return { logits: results.logits!, past: {} };
  };
  return {
    start: (pixels, batch, lengths) => {
      pixelValues = pixels;
      const width = batch.inputIds.dims[1]!;
      rows = lengths.map((n, row) =>
        Array.from(batch.inputIds.data.subarray(row * width, row * width + n), Number)
      );
      return run();
    },
    next: (_, tokens) => {
      rows.forEach((ids, row) => ids.push(tokens[row]!));
      return run();
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

function sizesOf(options: GeneratorOptions) {
  return {
    batch: options.batch,
    sequence: options.instructionLength,
    imageTokens: options.text.imageTokens,
    ...(options.picture === undefined ? {} : { picture: options.picture }),
    ...(options.qformerLength === undefined ? {} : { qformer: options.qformerLength }),
  };
}

interface NextRules {
  /** Of all tokens so far, [batch, total]. */
  readonly mask: Tensor<"int64">;
  readonly offsets: readonly number[];
  readonly text: PromptEncoder;
}

function nextFeeds(
  session: Session,
  tokens: readonly number[],
  { mask, offsets, text }: NextRules,
  others: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  const positions = session.inputs.find(({ name }) => name === "next_position_ids");
  const feeds: Record<string, Tensor> = {
    next_ids: tensor("int64", [tokens.length, 1], BigInt64Array.from(tokens, BigInt)),
    next_mask: mask,
    next_token_type_ids: laterTypes([tokens.length, 1], text),
    ...(positions === undefined
      ? {}
      : { next_position_ids: laterPositions(positions.dims, mask, 1, offsets) }),
    ...others,
  };
  const known = new Set(session.inputs.map(({ name }) => name));
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name)));
}

function stepFrom(results: Readonly<Record<string, Tensor>>, names: readonly string[]): Step {
  const logits = results["step.logits"]!;
  const [batch, , vocabulary] = logits.dims as [number, number, number];
  return {
    logits: { ...logits, dims: [batch, vocabulary] },
    past: pastFrom(results, names, "step."),
  };
}

function pastFrom(
  results: Readonly<Record<string, Tensor>>,
  names: readonly string[],
  prefix: string,
): Record<string, Tensor> {
  return Object.fromEntries(names.map((name) => [name, results[prefix + presentOf(name)]!]));
}

function emptyPast(decoder: Model, batch: number): Record<string, Tensor> {
  const infos = decoder.graph.inputs.filter(({ name }) => isPast(name));
  return Object.fromEntries(
    infos.map((info) => [info.name, zeros(dtypeOfInput(info), emptyDims(info, batch))]),
  );
}

async function disposeAll(...sessions: readonly Session[]): Promise<void> {
  for (const session of sessions) await session[Symbol.asyncDispose]();
}
