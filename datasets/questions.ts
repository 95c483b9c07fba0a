/** Questions, answers and captions about the pictures of the zoo's world. @module */
import type { Random } from "../lib/tensor/random.ts";
import { colourNames, digitNames, type Fact, type ZooWorld } from "./zoo_world.ts";

/** What is asked of a model, and what it should say. */
export interface Exchange {
  readonly instruction: string;
  readonly answer: string;
}

/** What can be asked. */
export type Topic = "kind" | "name" | "count" | "colour" | "digit" | "presence";

/** The recognition instruction of the downstream tasks. */
export const recognitionInstruction = "This is a photo of a";

/** Forms of each question; the first is drawn as often as the others together. */
export const instructions: Readonly<Record<Topic, readonly string[]>> = {
  kind: [recognitionInstruction, "What kind is it?"],
  name: ["What is it?"],
  count: ["How many are there?"],
  colour: ["What colour is the background?"],
  digit: ["This is a photo of the digit", "Which digit is it?"],
  presence: ["Is it a {}?"],
};

/** Names of the counts, from one. */
export const countNames: readonly string[] = digitNames.slice(1, 5);

/** Forms of a caption, with `{}` for the word; the first is that of the text-aligned loss term. */
export const captionForms: readonly string[] = [
  "this is a photo of a {}",
  "a picture of a {}",
  "a drawing of a {}",
  "{}",
];

/** Names longer than this are not asked for: their answers would fill the context. */
const longestName = 24;

/** How often each topic is asked about each kind of picture. */
const shares: Readonly<Record<Fact["kind"], readonly (readonly [Topic, number])[]>> = {
  single: [["kind", 0.5], ["name", 0.2], ["colour", 0.12], ["presence", 0.18]],
  multiple: [["count", 0.5], ["kind", 0.25], ["name", 0.05], ["colour", 0.1], ["presence", 0.1]],
  digit: [["digit", 0.9], ["kind", 0.03], ["presence", 0.07]],
};

/**
 * A random question about a picture, and its answer.
 *
 * @example
 * ```ts
 * ask(world, fact, random); // { instruction: "This is a photo of a", answer: "truck" }
 * ```
 */
export function ask(world: ZooWorld, fact: Fact, random: Random): Exchange {
  const topic = chooseTopic(world, fact, random);
  const forms = instructions[topic];
  const form = forms.length === 1 || random.uniform() < 0.5
    ? forms[0]!
    : forms[1 + random.integer(forms.length - 1)]!;
  if (topic === "presence") return askPresence(world, fact, { random, form });
  return { instruction: form, answer: answers[topic](world, fact) };
}

const answers: Readonly<
  Record<Exclude<Topic, "presence">, (world: ZooWorld, fact: Fact) => string>
> = {
  kind: (world, fact) => world.kinds[fact.kindIndex]!,
  name: (world, fact) => world.names[fact.concept]!,
  count: (_, fact) => countNames[fact.count - 1]!,
  colour: (_, fact) => colourNames[fact.colour]!,
  digit: (world, fact) => world.names[fact.concept]!,
};

function chooseTopic(world: ZooWorld, fact: Fact, random: Random): Topic {
  let left = random.uniform();
  const chosen = shares[fact.kind].find(([, share]) => (left -= share) < 0)?.[0] ?? "kind";
  if (chosen === "colour" && fact.colour < 0) return "kind";
  return chosen === "name" && world.names[fact.concept]!.length > longestName ? "kind" : chosen;
}

/** Asks for the kind or the name, half of the time for another one. */
function askPresence(
  world: ZooWorld,
  fact: Fact,
  { random, form }: { random: Random; form: string },
): Exchange {
  const other = random.uniform() < 0.5 ? fact.concept : random.integer(world.names.length);
  const asked = random.uniform() < 0.7
    ? { word: world.kinds[world.kindOf[other]!]!, truth: world.kinds[fact.kindIndex]! }
    : { word: world.names[other]!, truth: world.names[fact.concept]! };
  return {
    instruction: form.replace("{}", asked.word),
    answer: asked.word === asked.truth ? "yes" : "no",
  };
}

/** A random caption of a picture: its name, its kind or a tag in one of the forms. */
export function captionOf(world: ZooWorld, fact: Fact, random: Random): string {
  const words = world.words[fact.concept]!;
  // Name and kind are what downstream tasks ask for; tags are many and loose.
  const word = random.uniform() < 0.75
    ? words[random.integer(Math.min(2, words.length))]!
    : words[random.integer(words.length)]!;
  return caption(word, random.uniform() < 0.5 ? 0 : random.integer(captionForms.length));
}

/** The caption of a word in a form. */
export function caption(word: string, form = 0): string {
  return captionForms[form]!.replace("{}", word);
}

/** Everything that may be asked, answered or captioned: what a tokenizer has to cover. */
export function everyText(world: ZooWorld): readonly string[] {
  const words = new Set([...world.words.flat(), ...world.kinds, ...digitNames]);
  const fixed = Object.values(instructions).flat().map((form) => form.replace("{}", "").trim());
  return [...words, ...colourNames, ...countNames, "yes", "no", ...fixed, ...captionForms]
    .map((text) => text.replace("{}", "").trim()).filter((text) => text !== "");
}
