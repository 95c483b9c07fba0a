/** Questions about the images of the zoo's world, and their answers. @module */
import type { Random } from "../tensor/random.ts";
import { countNames, worldWords } from "./captions.ts";
import { colourNames } from "./palette.ts";
import type { Fact } from "./zoo_facts.ts";
import { digitNames, type ZooWorld } from "./zoo_world.ts";

/** A question to a model, and its answer. */
export interface Exchange {
  readonly instruction: string;
  readonly answer: string;
}

/** What can be asked. */
export type Topic =
  | "kind"
  | "name"
  | "count"
  | "frequency"
  | "colour"
  | "digit"
  | "identity"
  | "presence"
  | "match";

/** The recognition instruction of the downstream tasks. */
const recognitionInstruction = "This is a photo of a";

/** The question about an image with several drawings. */
export const frequencyInstruction = "How many times is there a {}?";
export const presenceInstruction = "Is there a {} in the picture?";

/** The question about an image and a text of two facts about it. */
const matchInstruction = "Does the text fit the picture? {} on {}";

/** Forms of each question; the first is drawn as often as the others together. */
export const instructions: Readonly<Record<Topic, readonly string[]>> = {
  kind: [recognitionInstruction, "What kind is it?"],
  name: ["What is it?"],
  count: ["How many are there?"],
  colour: ["What colour is the background?"],
  digit: ["This is a photo of the digit", "Which digit is it?"],
  frequency: [frequencyInstruction, "How often do you see a {}?"],
  identity: ["Is it a {}?"],
  presence: [presenceInstruction, "Do you see a {}?"],
  match: [matchInstruction],
};

/** Names longer than this are not asked for: their answers would fill the context. */
const longestName = 24;

/** Topics for backgrounds whose colour has a name. */
const ofColour: ReadonlySet<Topic> = new Set(["colour", "match"]);

/** How often each topic is asked about each kind of image. */
const shares: Readonly<Record<Fact["kind"], readonly (readonly [Topic, number])[]>> = {
  single: [["kind", 0.25], ["name", 0.05], ["match", 0.15], ["colour", 0.4], ["identity", 0.15]],
  multiple: [["count", 0.4], ["frequency", 0.25], ["kind", 0.15], ["presence", 0.2]],
  scene: [["presence", 0.4], ["frequency", 0.3], ["count", 0.3]],
  digit: [["digit", 0.9], ["kind", 0.03], ["identity", 0.07]],
};

/**
 * A random question about an image, and its answer.
 *
 * @example
 * ```ts ignore
 * ask(world, fact, random); // { instruction: "This is a photo of a", answer: "truck" }
 * ```
 */
export function ask(world: ZooWorld, fact: Fact, random: Random): Exchange {
  const topic = chooseTopic(world, fact, random);
  const forms = instructions[topic];
  const form = forms.length === 1 || random.uniform() < 0.5
    ? forms[0]!
    : forms[1 + random.integer(forms.length - 1)]!;
  return makers[topic]({ world, fact, random, form });
}

/** What a question is made of. */
interface Making {
  readonly world: ZooWorld;
  readonly fact: Fact;
  readonly random: Random;
  /** One of the topic's {@linkcode instructions}. */
  readonly form: string;
}

/** A maker of a question without a gap. */
function plain(answer: (world: ZooWorld, fact: Fact) => string): (making: Making) => Exchange {
  return ({ world, fact, form }) => ({ instruction: form, answer: answer(world, fact) });
}

const makers: Readonly<Record<Topic, (making: Making) => Exchange>> = {
  kind: plain((world, fact) => world.kinds[fact.kindIndex]!),
  name: plain((world, fact) => world.names[fact.concept]!),
  count: plain((_, fact) => countNames[fact.count]!),
  colour: plain((_, fact) => colourNames[fact.colour]!),
  digit: plain((world, fact) => world.names[fact.concept]!),
  frequency: askFrequency,
  identity: askPresence,
  presence: askPresence,
  match: askMatch,
};

/** A topic by its share among those that the image allows. */
function chooseTopic(world: ZooWorld, fact: Fact, random: Random): Topic {
  const open = shares[fact.kind].filter(([topic]) => fact.colour >= 0 || !ofColour.has(topic));
  let left = random.uniform() * open.reduce((sum, [, share]) => sum + share, 0);
  const chosen = open.find(([, share]) => (left -= share) < 0)?.[0] ?? "kind";
  return chosen === "name" && world.names[fact.concept]!.length > longestName ? "kind" : chosen;
}

/** Share of gaps that are filled with a kind, the others with a name. */
const kindGaps = 0.7;

/** A word, and how many of the things on the image it names. */
interface Gap {
  readonly word: string;
  readonly times: number;
}

/** A word for a concept: its kind, or its name. Some words are both ("bird"). */
function wordFor(concept: number, { world, fact, random }: Making): Gap {
  const byKind = random.uniform() < kindGaps;
  const word = byKind ? world.kinds[world.kindOf[concept]!]! : world.names[concept]!;
  const times =
    fact.sights.filter((sight) =>
      word === world.names[sight.concept] || word === world.kinds[sight.kindIndex]
    ).length;
  return { word, times };
}

/** Another concept, as likely as on an image, so that the word alone gives nothing away. */
function anotherConcept({ world, fact, random }: Making): number {
  return fact.kind === "digit"
    ? world.names.length - 1 - random.integer(digitNames.length)
    : world.sampleConcept(random);
}

function fillGap(making: Making): Gap {
  const { fact, random } = making;
  const shown = random.uniform() < 0.5;
  const { concept } = fact.sights[random.integer(fact.sights.length)]!;
  return wordFor(shown ? concept : anotherConcept(making), making);
}

function askPresence(making: Making): Exchange {
  const { word, times } = fillGap(making);
  return { instruction: making.form.replace("{}", word), answer: times > 0 ? "yes" : "no" };
}

function askFrequency(making: Making): Exchange {
  const { word, times } = fillGap(making);
  return { instruction: making.form.replace("{}", word), answer: countNames[times]! };
}

/** Half of the texts fit; of the others one fact is wrong, the thing or the colour behind it. */
function askMatch(making: Making): Exchange {
  const { fact, random, form } = making;
  const choice = random.uniform();
  const { word, times } = wordFor(
    choice < 0.25 ? anotherConcept(making) : fact.concept,
    making,
  );
  const colour = choice >= 0.25 && choice < 0.5 ? random.integer(colourNames.length) : fact.colour;
  return {
    instruction: matchText(word, colourNames[colour]!, form),
    answer: times > 0 && colour === fact.colour ? "yes" : "no",
  };
}

/** The question whether a text of a thing and a colour fits the image. */
export function matchText(word: string, colour: string, form = matchInstruction): string {
  return form.replace("{}", word).replace("{}", colour);
}

/** Everything that may be asked or answered: what a tokenizer has to cover. */
export function everyText(world: ZooWorld): readonly string[] {
  const fixed = Object.values(instructions).flat().map((form) => form.replaceAll("{}", "").trim());
  return [...worldWords(world), ...colourNames, ...countNames, "yes", "no", ...fixed];
}
