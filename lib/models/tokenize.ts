/** Turns text into token ids and back, by tokenizer.json and tokenizer_config.json. @module */
import { join } from "@std/path";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { withDeclaredTokens } from "./declared_tokens.ts";
import { readModelJson } from "./model_file.ts";
import { addedTokensSchema, tokenizerConfigSchema, tokenizerSchema } from "./model_schema.ts";
import { textLimitMs, TimeLimitError, withTimeLimit } from "./time_limit.ts";
import type { AddedToken } from "./tokenizer/added_tokens.ts";
import { type Json, TokenizerPartError } from "./tokenizer/definition.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import { UnknownPieceError } from "./tokenizer/vocabulary.ts";
import { stepMistake } from "./tokenizer_steps.ts";
import { vocabularyMistake } from "./vocabulary_check.ts";

/** A tokenizer. */
export interface TextTokenizer {
  /**
   * Ids of a text.
   *
   * @param special Whether start and end symbols are added; default false.
   * @throws {DiagnosticError} If the tokenizer has no token for a part of it, or takes too long.
   */
  encode(text: string, special?: boolean): readonly number[];
  /** Text of ids, without special tokens. @throws {DiagnosticError} As `encode`. */
  decode(ids: readonly number[]): string;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  /** Texts of the tokens that carry no text of an answer. */
  readonly specialTokens: readonly string[];
  /** Whether the tokenizer reads a text as if it began with a space. */
  readonly addsSpace: boolean;
  /** tokenizer_config.json, with the names of special_tokens_map.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A text that every tokenizer is tried on. */
const sample = "The quick brown fox jumps over 13 lazy dogs, doesn't it?";

/** Largest vocabularies take seconds to read. */
const openLimitMs = 10_000;

/**
 * Opens the tokenizer of a model directory.
 *
 * @param folder Folder inside the directory, such as `qformer_tokenizer`.
 * @throws {DiagnosticError} If tokenizer.json is missing or cannot be read.
 */
export async function openTokenizer(directory: string, folder = ""): Promise<TextTokenizer> {
  const place = (name: string) => join(directory, folder, name);
  const path = place("tokenizer.json");
  const file = await readModelJson(path, tokenizerSchema);
  if (file === undefined) {
    throw failure(path, "it is missing", "A model needs tokenizer.json to read text");
  }
  const config = await readTokenizerConfig(place);
  const added = await readModelJson(place("added_tokens.json"), addedTokensSchema);
  const definition = withDeclaredTokens(file, { config, added });
  const mistake = vocabularyMistake(definition) ?? stepMistake(definition);
  if (mistake !== undefined) throw failure(path, mistake);
  const { makeTokenizer } = await import("./tokenizer/tokenizer.ts");
  const cleansUp = config.clean_up_tokenization_spaces === true && !isBytePair(file.model);
  const tokenizer = guarded(path, openLimitMs, () => makeTokenizer(definition, cleansUp));
  // A mistake in a step may show only when it is taken.
  guarded(path, textLimitMs, () => tryOut(tokenizer));
  return wrap(tokenizer, path, { definition, config });
}

/**
 * tokenizer_config.json with the names in special_tokens_map.json. Those win where the former is of an
 * old form, without `added_tokens_decoder`, as in transformers.
 */
async function readTokenizerConfig(place: (name: string) => string): Promise<Json> {
  const config = await readModelJson(place("tokenizer_config.json"), tokenizerConfigSchema) ?? {};
  const names = await readModelJson(place("special_tokens_map.json"), tokenizerConfigSchema) ?? {};
  const isOld = config.added_tokens_decoder === undefined;
  return isOld ? { ...config, ...names } : { ...names, ...config };
}

function tryOut(tokenizer: Tokenizer): void {
  try {
    tokenizer.decode([...tokenizer.encode(sample, true), 0]);
  } catch (error) {
    if (!(error instanceof UnknownPieceError)) throw error;
  }
}

/** As in transformers: a byte-pair tokenizer's spaces before signs are the text's own. */
function isBytePair({ type, merges }: Json): boolean {
  return type === "BPE" || (type === undefined && merges !== undefined);
}

function wrap(
  { encode, decode, idOf, tokenOf }: Tokenizer,
  path: string,
  { definition, config }: { readonly definition: Json; readonly config: Json },
): TextTokenizer {
  const added = (definition.added_tokens ?? []) as readonly AddedToken[];
  return {
    encode: (text, special = false) => guarded(path, textLimitMs, () => encode(text, special)),
    decode: (ids) => guarded(path, textLimitMs, () => decode(ids)),
    idOf,
    tokenOf,
    specialTokens: added.filter(({ special }) => special === true).map(({ content }) => content),
    addsSpace: guarded(path, textLimitMs, () => addsSpace(definition)),
    config,
  };
}

/** Runs the tokenizer, whose definition others wrote: it may loop, or trip over what they left out. */
function guarded<T>(path: string, limitMs: number, work: () => T): T {
  try {
    return withTimeLimit(work, limitMs);
  } catch (error) {
    if (error instanceof TimeLimitError) {
      throw failure(
        path,
        `its steps take more than ${limitMs / 1000} s for one text`,
        "A regular expression in it may backtrack forever",
      );
    }
    throw failure(path, wordsOf(error));
  }
}

/** Mistakes that were looked for have words of their own; others are the language's. */
function wordsOf(error: unknown): string {
  return error instanceof TokenizerPartError
    ? error.message
    : "its definition does not have the form that the tokenizers library writes";
}

/** Whether a step writes a space in front: a normaliser that prepends, or a Metaspace. */
function addsSpace({ normalizer, pre_tokenizer }: Json): boolean {
  const steps = [normalizer, pre_tokenizer].flatMap(stepsOf);
  return steps.some(({ type, prepend_scheme: scheme = "always" }) =>
    type === "Prepend" || (type === "Metaspace" && scheme !== "never")
  );
}

/** A step, or those of a sequence. */
function stepsOf(value: unknown): readonly Json[] {
  const step = Object(value) as Json;
  if (step.type !== "Sequence") return [step];
  return [step.normalizers ?? step.pretokenizers].flat().flatMap(stepsOf);
}

function failure(path: string, cause: string, ...notes: readonly string[]): DiagnosticError {
  const message = `Cannot read tokenizer "${path}": ${cause}`;
  return new DiagnosticError([{ code: "tokenizer-unreadable", severity: "error", message, notes }]);
}
