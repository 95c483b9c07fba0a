import { assertEquals } from "@std/assert";
import { BeamSearch } from "../../../lib/evaluation/generation/beam_search.ts";
import { logitRules } from "../../../lib/evaluation/generation/logit_rules.ts";
import { SingleSearch } from "../../../lib/evaluation/generation/single_search.ts";
import type { TokenSearch } from "../../../lib/evaluation/generation/token_search.ts";
import type { GenerationSettings } from "../../../lib/models/generation_settings.ts";
import reference from "./reference.json" with { type: "json" };

/** What Hugging Face's `generate()` said, see make_reference.py. */
interface Case {
  readonly settings: GenerationSettings;
  readonly end: readonly number[];
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
}

const cases = reference as unknown as readonly Case[];
const vocabulary = 11;
const maxTokens = 7;

/** The model of make_reference.py. */
function scoresAfter(ids: readonly number[]): number[] {
  const [before = 0, last] = [ids.at(-2), ids.at(-1)!];
  return Array.from({ length: vocabulary }, (_, token) => {
    const score = (last * 7 + token * 13 + last * token + before * 5) % 19;
    return score / 6 + token * 0.011 + last * token * 0.0007;
  });
}

function searchOf({ settings, end }: Case, starts: readonly (readonly number[])[]): TokenSearch {
  const endTokens = new Set(end);
  const rules = logitRules(settings, { endTokens, maxTokens });
  const start = { starts, asked: starts.length, rules, endTokens, maxTokens };
  if (settings.num_beams === undefined) {
    const seeds = starts.map((_, row) => String(row));
    return new SingleSearch({ ...start, ...(settings.do_sample ? { seeds } : {}) });
  }
  return new BeamSearch({
    ...start,
    beams: settings.num_beams,
    lengthPenalty: settings.length_penalty ?? 1,
    earlyStopping: settings.early_stopping ?? false,
  });
}

function generate(known: Case, starts: readonly (readonly number[])[]): readonly number[][] {
  const beams = known.settings.num_beams ?? 1;
  const search = searchOf(known, starts);
  let rows = starts.flatMap((prompt) => new Array<readonly number[]>(beams).fill(prompt));
  for (;;) {
    const data = Float32Array.from(rows.flatMap(scoresAfter));
    const next = search.advance({ data, vocabulary });
    if (next === undefined) return search.answers().map((ids) => [...ids]);
    const from = next.from ?? rows.map((_, row) => row);
    rows = next.tokens.map((token, row) => [...rows[from[row]!]!, token]);
  }
}

for (const [settings, group] of Map.groupBy(cases, (known) => JSON.stringify(known.settings))) {
  Deno.test(`generation says what generate() says: ${settings}`, () => {
    for (const known of group) assertEquals(generate(known, [known.prompt]), [[...known.answer]]);
  });
}

Deno.test("answers in a batch are those of each prompt by itself", () => {
  for (
    const [, group] of Map.groupBy(cases, ({ settings, end }) => JSON.stringify([settings, end]))
  ) {
    const starts = group.map(({ prompt }) => prompt);
    assertEquals(generate(group[0]!, starts), group.map(({ answer }) => [...answer]));
  }
});

Deno.test("tokens are drawn by their probability, whatever the batch", () => {
  const rows = 4000;
  const settings: GenerationSettings = { do_sample: true, temperature: 0.5, top_k: 4 };
  const starts = Array.from({ length: rows }, () => [5]);
  const known = { settings, end: [10], prompt: [5], answer: [] };
  const first = (some: readonly (readonly number[])[]) => {
    const search = searchOf(known, some);
    return search.advance({ data: Float32Array.from(some.flatMap(scoresAfter)), vocabulary })!
      .tokens;
  };
  const drawn = first(starts);
  assertEquals(first(starts.slice(0, 10)), drawn.slice(0, 10));
  const powers = scoresAfter([5]).map((score) => Math.exp(score / 0.5));
  const least = powers.toSorted((a, b) => b - a)[3]!;
  const sum = powers.filter((power) => power >= least).reduce((a, b) => a + b, 0);
  powers.forEach((power, token) => {
    const share = power < least ? 0 : power / sum;
    const found = drawn.filter((other) => other === token).length / rows;
    assertEquals(Math.abs(found - share) < 4 * Math.sqrt(share * (1 - share) / rows) + 1e-9, true);
  });
});

Deno.test("top_p and min_p leave the likeliest tokens", () => {
  const probabilities = [0.5, 0.2, 0.15, 0.1, 0.05];
  const kept = (settings: GenerationSettings) => {
    const scores = Float32Array.from(probabilities, Math.log);
    const context = { endTokens: new Set<number>(), maxTokens };
    for (const rule of logitRules({ do_sample: true, ...settings }, context)) {
      rule(scores, { ids: [], length: 0 });
    }
    return [...scores].filter((score) => score > -Infinity).length;
  };
  assertEquals([0.4, 0.6, 0.8, 0.9, 1].map((share) => kept({ top_p: share })), [1, 2, 3, 4, 5]);
  assertEquals([0.9, 0.39, 0.29, 0.05].map((share) => kept({ min_p: share })), [1, 2, 3, 5]);
  assertEquals([0, 1, 3, 9].map((k) => kept({ top_k: k })), [5, 1, 3, 5]);
});
