/** Finds the numbers of the special tokens, which start, end and pad texts. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { LanguageModelDirectory } from "./directory.ts";
import { type Json, objectIn } from "./families/family.ts";
import { specialTokenTexts } from "./special_token_texts.ts";
import type { TextTokenizer } from "./tokenize.ts";

/** Numbers of a model's special tokens. */
export interface SpecialIds {
  /** Ends an answer that is learnt. */
  readonly endToken: number;
  /** All tokens that end a generated answer. */
  readonly endTokens: ReadonlySet<number>;
  readonly padToken: number;
  /** First decoder input of an encoder-decoder model. */
  readonly startToken: number;
  /** What generation begins with, whatever the model predicts. */
  readonly forcedToken?: number;
}

/**
 * Finds the special tokens of a model.
 *
 * Generation ends where transformers ends it: at any `eos_token_id` of generation_config.json; where
 * it has none, of config.json, then of its text_config (which some call llm_config, language_config or
 * decoder); last comes the tokenizer's `eos_token`.
 * An answer that is learnt ends with the token that ends a turn of the chat template, else with the
 * tokenizer's `eos_token`, else with the first of those that end generation.
 *
 * @param afterAnswer What the chat template writes after an answer.
 * @throws {DiagnosticError} If nothing ends an answer.
 */
export function specialIds(
  { config, generation, name }: LanguageModelDirectory,
  tokenizer: TextTokenizer,
  afterAnswer?: string,
): SpecialIds {
  const { eos_token: eos, pad_token: pad } = specialTokenTexts(tokenizer.config);
  const idOf = (token: string | undefined) =>
    token === undefined ? undefined : tokenizer.idOf(token);
  const inner = ["text_config", "llm_config", "language_config", "decoder"].map((key) =>
    objectIn(config, key)
  );
  const places: readonly Json[] = [generation, config, ...inner];
  const find = (key: string): readonly number[] =>
    places.map((place) => idsIn(place[key])).find((ids) => ids.length > 0) ?? [];
  const ends = find("eos_token_id");
  const endToken = turnEnd(tokenizer, afterAnswer) ?? idOf(eos) ?? ends[0];
  if (endToken === undefined) {
    throw new DiagnosticError([{
      code: "model-incomplete",
      severity: "error",
      message:
        `Cannot end an answer of model "${name}": neither generation_config.json nor config.json has eos_token_id, and tokenizer_config.json no eos_token`,
    }]);
  }
  const forced = idsIn(generation.forced_bos_token_id)[0] ?? idsIn(config.forced_bos_token_id)[0];
  const padToken = find("pad_token_id")[0] ?? idOf(pad) ?? endToken;
  return {
    endToken,
    endTokens: new Set(ends.length > 0 ? ends : [idOf(eos) ?? endToken]),
    padToken,
    startToken: find("decoder_start_token_id")[0] ?? find("bos_token_id")[0] ?? padToken,
    ...(forced === undefined ? {} : { forcedToken: forced }),
  };
}

/** A number or a list of them; files write −1 for none. */
function idsIn(value: unknown): readonly number[] {
  return [value].flat().filter((id): id is number => typeof id === "number" && id >= 0);
}

/** The first special token after an answer. */
function turnEnd(tokenizer: TextTokenizer, afterAnswer = ""): number | undefined {
  const places = tokenizer.specialTokens
    .map((token) => ({ token, at: afterAnswer.indexOf(token) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at || b.token.length - a.token.length);
  return places[0] === undefined ? undefined : tokenizer.idOf(places[0].token);
}
