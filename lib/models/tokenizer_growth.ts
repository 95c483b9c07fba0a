/** How much longer a tokenizer may make a text: definitions can double it again and again. @module */

/** The steps of real tokenizers keep a text's length, or make a sign at most a few long. */
const mostGrowth = 256;

interface Step {
  readonly type?: unknown;
  readonly pattern?: { readonly String?: unknown } | null;
  readonly content?: unknown;
  readonly length?: unknown;
}

/** What makes texts grow without bounds in a tokenizer.json; undefined where all is well. */
export function growthMistake(definition: unknown): string | undefined {
  const { normalizer, pre_tokenizer, decoder } = definition as Readonly<Record<string, unknown>>;
  const steps = [normalizer, pre_tokenizer, decoder].flatMap(stepsIn);
  const empty = steps.find(({ type, length }) => type === "FixedLength" && !(Number(length) >= 1));
  if (empty) return `its FixedLength has length ${JSON.stringify(empty.length)}, 1 is the least`;
  const growth = steps.filter(({ type }) => type === "Replace").map(growthOf)
    .reduce((product, factor) => product * factor, 1);
  if (growth <= mostGrowth) return undefined;
  return `its Replace steps make a text ${growth} times as long, at most ${mostGrowth} is supported`;
}

/** Characters put in place of one, at most; an expression may match one, or even none. */
function growthOf({ pattern, content }: Step): number {
  const added = typeof content === "string" ? content.length : 0;
  const removed = typeof pattern?.String === "string" ? pattern.String.length : 1;
  return Math.max(1, removed === 0 ? added + 1 : added / removed);
}

/** A step and all that are nested in it, as in a Sequence. */
function stepsIn(value: unknown): Step[] {
  if (typeof value !== "object" || value === null) return [];
  const found: Step[] = [];
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next);
    for (const inner of Object.values(next)) {
      if (typeof inner === "object" && inner !== null) open.push(inner);
    }
  }
  return found;
}
