/** Refuses tokenizer steps that take text away, or that take or make far more than real ones. @module */
import { type Json, patternMistake } from "./tokenizer/definition.ts";

/** The steps of real tokenizers keep a text's length, or make a sign at most a few long. */
const maxGrowth = 256;

/** Steps, and their parts, of a tokenizer; real ones have some dozens. */
const maxParts = 10_000;

/** Characters of an expression; GPT-4's has 300. */
const maxExpression = 10_000;

/** Calls of an expression's own groups: each is put in where it stands, and may hold others. */
const maxCalls = 16;

/** Special tokens that a template adds to a text. */
const maxAdded = 10_000;

/** What is wrong with the steps of a tokenizer.json; undefined where all is well. */
export function stepMistake(definition: unknown): string | undefined {
  const unnamed = unnamedStep(definition as Json);
  if (unnamed !== undefined) return unnamed;
  const { normalizer, pre_tokenizer, decoder, post_processor } = definition as Json;
  const steps = [normalizer, pre_tokenizer, decoder].flatMap(stepsIn);
  const processors = stepsIn(post_processor);
  if (steps.length + processors.length > maxParts) {
    return `its steps have more than ${maxParts} parts`;
  }
  const empty = steps.find(({ type, length }) => type === "FixedLength" && !(Number(length) >= 1));
  if (empty) {
    return `its FixedLength has length ${JSON.stringify(empty.length)}, expected at least 1`;
  }
  for (const step of steps.filter(({ type }) => seeking.has(type))) {
    const mistake = patternMistake(step);
    if (mistake !== undefined) return mistake;
    const large = expressionMistake(step.pattern as Json);
    if (large !== undefined) return large;
  }
  const templates = templateMistake(processors);
  if (templates !== undefined) return templates;
  const growth = Math.max(
    ...[[normalizer, pre_tokenizer], [decoder]].map((parts) =>
      longestChain(parts.flatMap((part) => stepsIn(part).reverse()))
    ),
  );
  if (growth <= maxGrowth) return undefined;
  return `its Replace steps make a text ${growth} times as long, at most ${maxGrowth} is supported`;
}

/** Where a Sequence keeps its steps. */
const listsOfSteps = ["normalizers", "pretokenizers", "processors", "decoders"];

/** A step without the name of what it does. */
function unnamedStep(definition: Json): string | undefined {
  for (const part of ["normalizer", "pre_tokenizer", "post_processor", "decoder", "model"]) {
    const open = [definition[part]];
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      const { type, ...inner } = Object(step) as Json;
      // The kind of a model is recognised by its keys where it has no name.
      const isNamed = typeof type === "string" || (part === "model" && type === undefined);
      if (step !== null && !isNamed) {
        return `the type of a step in its ${part} is ${
          JSON.stringify(type)?.slice(0, 40) ?? "absent"
        }, expected a name`;
      }
      for (const list of listsOfSteps) {
        const steps = inner[list];
        if (Array.isArray(steps)) { for (const each of steps) open.push(each); }
      }
    }
  }
  return undefined;
}

/** Steps that look for a pattern. */
const seeking: ReadonlySet<unknown> = new Set(["Replace", "Split"]);

/** What is too large about an expression. */
function expressionMistake({ Regex: expression }: Json): string | undefined {
  if (typeof expression !== "string") return undefined;
  if (expression.length > maxExpression) {
    return `an expression has ${expression.length} characters, at most ${maxExpression} are supported`;
  }
  const calls = expression.match(/\\g[<']/g)?.length ?? 0;
  if (calls <= maxCalls) return undefined;
  return `an expression calls its groups ${calls} times, at most ${maxCalls} are supported`;
}

/** What is too much about the templates: one may write the text several times, with tokens around it. */
function templateMistake(processors: readonly Json[]): string | undefined {
  const templates = processors.filter(({ type }) => type === "TemplateProcessing");
  let [growth, added] = [1, 0];
  for (const { single, special_tokens: special } of templates) {
    const parts = Array.isArray(single) ? single.map((part) => Object(part) as Json) : [];
    const tokens = parts.filter((part) => part.SpecialToken !== undefined)
      .map((part) => tokensOf(part, Object(special) as Json));
    const times = Math.max(1, parts.length - tokens.length);
    growth *= times;
    added = added * times + tokens.reduce((sum, count) => sum + count, 0);
  }
  if (growth <= maxGrowth && added <= maxAdded) return undefined;
  return `its TemplateProcessing writes a text ${growth} times, with ${added} tokens around it; ` +
    `at most ${maxGrowth} and ${maxAdded} are supported`;
}

/** How many tokens a part of a template adds. What is no part is reported where it is read. */
function tokensOf({ SpecialToken: token }: Json, special: Json): number {
  const { id } = Object(token) as Json;
  const ids: unknown = typeof id === "string" ? Object(special[id]).ids : undefined;
  return Array.isArray(ids) ? ids.length : 0;
}

/** Steps that leave characters as they are, or take some away. */
const keeping: ReadonlySet<unknown> = new Set(["Sequence", "Fuse", "Strip", "ByteFallback"]);

/**
 * How many times as long Replace steps make a text at most. A character is replaced again only by a
 * step that looks for it, so what counts is the longest chain of steps that read what others wrote.
 *
 * @param steps In the order in which they run.
 */
function longestChain(steps: readonly Json[]): number {
  // What the steps from here on make of a character: of one they name, of any, and of any other.
  const ofNamed = new Map<string, number>();
  let [ofAny, longest] = [1, 1];
  for (const step of steps.toReversed()) {
    if (step.type !== "Replace") {
      // What a step changes into is not looked at: it may be what a later one looks for.
      if (!keeping.has(step.type) && typeof step.type === "string") ofAny = longest;
      continue;
    }
    const { String: text } = step.pattern as Json;
    const content = typeof step.content === "string" ? step.content : "";
    const later = Array.from(content, (sign) => ofNamed.get(sign) ?? 1);
    const chain = growthOf(step) * later.reduce((most, each) => Math.max(most, each), ofAny);
    longest = Math.max(longest, chain);
    if (typeof text !== "string" || text === "") ofAny = longest;
    else for (const sign of text) ofNamed.set(sign, Math.max(ofNamed.get(sign) ?? 1, chain));
  }
  return longest;
}

/** Characters put instead of one, at most; an expression may match one, or even none. */
function growthOf({ content, pattern }: Json): number {
  const added = typeof content === "string" ? content.length : 0;
  const { String: text } = pattern as Json;
  const removed = typeof text === "string" ? text.length : 1;
  return Math.max(1, removed === 0 ? added + 1 : added / removed);
}

/** A step and all that are nested in it, as in a Sequence; of too many, some. */
function stepsIn(value: unknown): Json[] {
  if (typeof value !== "object" || value === null) return [];
  const found: Json[] = [];
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.push(next as Json) > maxParts) break;
    for (const inner of Object.values(next)) {
      if (typeof inner === "object" && inner !== null) open.push(inner);
    }
  }
  return found;
}
