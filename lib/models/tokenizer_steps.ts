/** Steps of a tokenizer that would take text away, or double it again and again. @module */

/** The steps of real tokenizers keep a text's length, or make a sign at most a few long. */
const mostGrowth = 256;

interface Step {
  readonly type?: unknown;
  readonly pattern?: unknown;
  readonly content?: unknown;
  readonly length?: unknown;
}

/** What is wrong with the steps of a tokenizer.json; undefined where all is well. */
export function stepMistake(definition: unknown): string | undefined {
  const { normalizer, pre_tokenizer, decoder } = definition as Readonly<Record<string, unknown>>;
  const steps = [normalizer, pre_tokenizer, decoder].flatMap(stepsIn);
  const empty = steps.find(({ type, length }) => type === "FixedLength" && !(Number(length) >= 1));
  if (empty) return `its FixedLength has length ${JSON.stringify(empty.length)}, 1 is the least`;
  const blind = steps.find((step) => seeking.has(step.type) && patternOf(step) === undefined);
  if (blind) {
    return `the pattern of its ${blind.type} is ${
      JSON.stringify(blind.pattern) ?? "absent"
    }, needed is { "String": TEXT } or { "Regex": TEXT }`;
  }
  const growth = steps.filter(({ type }) => type === "Replace").map(growthOf)
    .reduce((product, factor) => product * factor, 1);
  if (growth <= mostGrowth) return undefined;
  return `its Replace steps make a text ${growth} times as long, at most ${mostGrowth} is supported`;
}

/** Steps that look for a pattern. */
const seeking: ReadonlySet<unknown> = new Set(["Replace", "Split"]);

interface Pattern {
  readonly String?: string;
  readonly Regex?: string;
}

function patternOf({ pattern }: Step): Pattern | undefined {
  const { String: text, Regex: expression } = Object(pattern) as Record<keyof Pattern, unknown>;
  return typeof text === "string" || typeof expression === "string"
    ? pattern as Pattern
    : undefined;
}

/** Characters put in place of one, at most; an expression may match one, or even none. */
function growthOf(step: Step): number {
  const { content } = step;
  const added = typeof content === "string" ? content.length : 0;
  const removed = patternOf(step)?.String?.length ?? 1;
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
