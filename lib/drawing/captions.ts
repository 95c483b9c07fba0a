/** Captions of the images of the zoo's world. @module */
import { colourNames } from "./palette.ts";
import { digitNames, type ZooWorld } from "./zoo_world.ts";

/** Names of the counts, from zero. */
export const countNames: readonly string[] = digitNames.slice(0, 5);

/** Forms of a caption, with `{}` for the word; the first is that of the text-aligned loss term. */
export const captionForms: readonly string[] = [
  "this is a photo of a {}",
  "a picture of a {}",
  "a drawing of a {}",
  "{}",
];

/** The caption of a background's colour. */
export function colourCaption(colour: string): string {
  return `a picture on a ${colour} background`;
}

/** The caption of a number of things: `one`, `two`. */
export function countCaption(count: string): string {
  return `a picture of ${count} ${count === "one" ? "thing" : "things"}`;
}

/** Every word for a thing of the world. */
export function worldWords(world: Pick<ZooWorld, "words" | "kinds">): readonly string[] {
  return [...new Set([...world.words.flat(), ...world.kinds, ...digitNames])];
}

/** Captions of every colour of a background. */
export const colourCaptions: readonly string[] = colourNames.map(colourCaption);

/** Captions of one to four things. */
export const countCaptions: readonly string[] = countNames.slice(1).map(countCaption);

/** Everything that captions consist of: what a tokenizer has to cover. */
export function captionTexts(world: Pick<ZooWorld, "words" | "kinds">): readonly string[] {
  const forms = captionForms.map((form) => form.replace("{}", "").trim());
  return [
    ...worldWords(world),
    ...forms.filter((text) => text !== ""),
    ...colourCaptions,
    ...countCaptions,
  ];
}
