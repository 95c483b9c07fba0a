/** Graphs, feeds and results of one token, which all ways to run a model share. @module */
import { composeNextToken, likeliestOf } from "../../models/compose_generate.ts";
import { isEncoderPast, presentOf } from "../../models/cached_states.ts";
import { laterTypes } from "../../models/feeds.ts";
import { laterPositions } from "../../models/positions.ts";
import type { InstructionEncoder } from "../../models/instruction_text.ts";
import type { Model } from "../../onnx/ir/model.ts";
import { openSession, type Session } from "../../runtime/session.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { RunOptions, Step } from "./decoder_contract.ts";

export function sizesOf(options: RunOptions) {
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

export function nextFeeds(
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
export async function openNext(options: RunOptions, onPast = true): Promise<Session> {
  const { directory, batch, copies, session } = options;
  const model = await composeNextToken(directory, batch * copies, onPast);
  return await openSession(scoredBy(model, options, "step.logits"), session);
}

/** A graph that gives what is looked at. */
export function scoredBy(model: Model, { likeliest }: RunOptions, logits = "logits"): Model {
  return likeliest ? likeliestOf(model, logits) : model;
}

/** The scores of the next token as a run gives them, without a dimension for the one token read. */
export function scoresIn(
  { likeliest, logits, ...others }: Readonly<Record<string, Tensor>>,
): Tensor {
  if (likeliest !== undefined) return { ...likeliest, dims: [likeliest.data.length] };
  const scores = logits ?? others["step.logits"]!;
  return { ...scores, dims: [scores.dims[0]!, scores.dims.at(-1)!] };
}

export function stepFrom(
  results: Readonly<Record<string, Tensor>>,
  names: readonly string[],
): Step {
  return { scores: scoresIn(results), past: pastFrom(results, names, "step.") };
}

export function pastFrom(
  results: Readonly<Record<string, Tensor>>,
  names: readonly string[],
  prefix: string,
): Record<string, Tensor> {
  return Object.fromEntries(names.map((name) => [name, results[prefix + presentOf(name)]!]));
}

/** The past that each row goes on with; what comes from the encoder is the same in all rows of an image. */
export function pastOf({ past }: Step, from: readonly number[] | undefined): Step["past"] {
  if (from === undefined || from.every((row, i) => row === i)) return past;
  return Object.fromEntries(
    Object.entries(past).map(([name, value]) =>
      [name, isEncoderPast(name) ? value : takeRows(value, from)] as const
    ),
  );
}

/** A step with each of its rows repeated. */
export function copied({ scores, past }: Step, copies: number): Step {
  if (copies === 1) return { scores, past };
  const pasts = Object.entries(past).map(([name, value]) => [name, repeated(value, copies)]);
  return { scores: repeated(scores, copies), past: Object.fromEntries(pasts) };
}

export function repeated<T extends Tensor>(value: T, copies: number): T {
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
