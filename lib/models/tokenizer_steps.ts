/** Refuses tokenizer steps that take text away, or that multiply it again and again. @module */
import { type Json, patternMistake } from "./tokenizer/definition.ts";

/** The steps of real tokenizers keep a text's length, or make a sign at most a few long. */
const maxGrowth = 256;

/** What is wrong with the steps of a tokenizer.json; undefined where all is well. */
export function stepMistake(definition: unknown): string | undefined {
  const unnamed = unnamedStep(definition as Json);
  if (unnamed !== undefined) return unnamed;
  const { normalizer, pre_tokenizer, decoder } = definition as Json;
  const steps = [normalizer, pre_tokenizer, decoder].flatMap(stepsIn);
  const empty = steps.find(({ type, length }) => type === "FixedLength" && !(Number(length) >= 1));
  if (empty) {
    return `its FixedLength has length ${JSON.stringify(empty.length)}, expected at least 1`;
  }
  for (const step of steps.filter(({ type }) => seeking.has(type))) {
    const mistake = patternMistake(step);
    if (mistake !== undefined) return mistake;
  }
  const growth = steps.filter(({ type }) => type === "Replace").map(growthOf)
    .reduce((product, factor) => product * factor, 1);
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
      open.push(...listsOfSteps.map((list) => inner[list]).filter(Array.isArray).flat());
    }
  }
  return undefined;
}

/** Steps that look for a pattern. */
const seeking: ReadonlySet<unknown> = new Set(["Replace", "Split"]);

/** Characters put instead of one, at most; an expression may match one, or even none. */
function growthOf({ content, pattern }: Json): number {
  const added = typeof content === "string" ? content.length : 0;
  const { String: text } = pattern as Json;
  const removed = typeof text === "string" ? text.length : 1;
  return Math.max(1, removed === 0 ? added + 1 : added / removed);
}

/** A step and all that are nested in it, as in a Sequence. */
function stepsIn(value: unknown): Json[] {
  if (typeof value !== "object" || value === null) return [];
  const found: Json[] = [];
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next as Json);
    for (const inner of Object.values(next)) {
      if (typeof inner === "object" && inner !== null) open.push(inner);
    }
  }
  return found;
}
