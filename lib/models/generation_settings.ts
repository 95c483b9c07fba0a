/** The settings of generated answers, named as in Hugging Face's `generate()`. @module */
import { z } from "zod";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { issueText } from "../diagnostic/schema_issue.ts";

const token = z.int("a token's number, from 0").min(0, "a token's number, from 0");
const tokens = z.array(token, "a list of tokens").min(1, "at least one token");
const count = z.int("a whole number from 0").min(0, "a whole number from 0");
const share = z.number("a number from 0 to 1").min(0, "a number from 0 to 1")
  .max(1, "a number from 0 to 1");
const positive = z.number("a number above 0").positive("a number above 0");

const fields = {
  num_beams: z.int("a whole number from 1").min(1, "a whole number from 1")
    .describe("answers that are kept at each step; 1: the likeliest token, or a drawn one"),
  length_penalty: z.number("a number")
    .describe("power of the length that a beam's score is divided by; default 1"),
  early_stopping: z.union([z.boolean(), z.literal("never")], "true, false or never")
    .describe("when beams end: with the first num_beams answers, by a guess, or never before"),
  do_sample: z.boolean("true or false").describe("whether tokens are drawn by their probability"),
  temperature: positive.describe("what scores are divided by before a token is drawn"),
  top_k: count.describe("draws among the k likeliest tokens; 0: among all"),
  top_p: share.describe("draws among the likeliest tokens with so much probability in all"),
  min_p: share.describe("draws among tokens with this share of the likeliest one's probability"),
  repetition_penalty: positive.describe("makes tokens that were there before less likely"),
  no_repeat_ngram_size: count.describe(
    "length in tokens of the sequences that may not come twice; 0 for no limit",
  ),
  bad_words_ids: z.array(tokens, "a list of lists of tokens")
    .describe("sequences of tokens that are never said"),
  suppress_tokens: z.array(token, "a list of tokens").describe("tokens that are never said"),
  begin_suppress_tokens: z.array(token, "a list of tokens")
    .describe("tokens that no answer begins with"),
  min_length: count.describe("fewest tokens, the prompt's included"),
  min_new_tokens: count.describe("fewest tokens of an answer"),
  forced_eos_token_id: z.union([token, tokens], "a token, or a list of them")
    .describe("the last token of an answer that has the greatest length"),
};

const extra = {
  stop_strings: z.array(z.string().min(1), "a list of texts")
    .describe("texts that end an answer; it does not hold them"),
  seed: z.int("a whole number from 0").min(0, "a whole number from 0")
    .describe("chooses the tokens that are drawn; default 0"),
};

const drawsBeams = ({ num_beams: beams = 1, do_sample: draws }: {
  readonly num_beams?: number | undefined;
  readonly do_sample?: boolean | undefined;
}) => beams > 1 && draws === true;

/** Settings of a pipeline: a missing setting is off, so that no settings at all means greedy. */
export const generationSettings = z.strictObject({ ...fields, ...extra }).partial()
  .refine((settings) => !drawsBeams(settings), {
    path: ["do_sample"],
    message: "false where num_beams is more than 1",
  });

/** How answers are generated; none at all: the likeliest token at each step. */
export type GenerationSettings = {
  readonly [Name in keyof z.infer<typeof generationSettings>]: z.infer<
    typeof generationSettings
  >[Name];
};

/** Values by which generation_config.json says that a setting is off. */
const off: Readonly<Record<string, unknown>> = { early_stopping: false, do_sample: false };

/**
 * The settings that generation_config.json asks for, as `generate()` takes them: what is for drawn
 * tokens counts where tokens are drawn, with 50 for top_k where it is not given.
 *
 * @throws {DiagnosticError} If one of them cannot be used.
 */
export function settingsIn(
  generation: Readonly<Record<string, unknown>>,
  path: string,
): GenerationSettings {
  const given = Object.entries(generation).filter(([name, value]) =>
    Object.hasOwn(fields, name) && value !== null && value !== off[name]
  );
  const asked = Object.fromEntries(given);
  const { data, error } = generationSettings.safeParse(asked);
  if (error !== undefined) {
    const message = `Cannot use "${path}": ${issueText(error.issues, asked)}`;
    throw new DiagnosticError([{ code: "model-unreadable", severity: "error", message }]);
  }
  const { temperature, top_k: topK, top_p: topP, min_p: minP, ...others } = data;
  if (!data.do_sample) return others as GenerationSettings;
  return {
    ...others,
    top_k: topK ?? 50,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(minP === undefined ? {} : { min_p: minP }),
  } as GenerationSettings;
}
