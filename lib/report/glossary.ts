/** Explains the words of the report to a reader who does not know the paper. @module */
import type { ReportData } from "../artifacts/report.ts";

/** A word and what it means. */
export interface Entry {
  readonly word: string;
  readonly meaning: string;
}

/** Words of treatments: their entry is shown where a table has them. */
const treatments: readonly (Entry & { readonly method: RegExp })[] = [
  {
    method: /^none/,
    word: "none",
    meaning: "the full image, as the model itself would read it, without anything added",
  },
  {
    method: /^shrunk/,
    word: "shrunk",
    meaning:
      "the image made smaller, in the middle of an empty frame: the state before a prompt is trained",
  },
  {
    method: /^plain/,
    word: "plain",
    meaning: "shrunk, with a frame of one grey as strong as a prompt: does any frame do this?",
  },
  {
    method: /^noise/,
    word: "noise",
    meaning:
      "shrunk, with a frame of random pixels as strong as a prompt: does any pattern do this?",
  },
  {
    method: /^vp(?![\w-])/,
    word: "VP",
    meaning:
      "a visual prompt: the frame holds pixels trained so that one model answers right more often",
  },
  {
    method: /^tvp(?![\w-])/,
    word: "TVP",
    meaning:
      "a transferable visual prompt: like VP, but also trained to keep the model's image features unchanged and to look like the right class to CLIP",
  },
];

const always: readonly Entry[] = [
  { word: "source", meaning: "the model whose gradients trained the prompt" },
  {
    word: "unseen",
    meaning:
      "a model that played no part in the training: does the prompt help it too? Means over unseen models hold for these models only",
  },
  {
    word: "drawing",
    meaning:
      "the random unit of the test: all images of one drawing (or photo, or handwriting) count as one",
  },
  {
    word: "95 % interval",
    meaning: "the differences that fit the data; if it contains zero, no difference was shown",
  },
  {
    word: "RMS of δ",
    meaning:
      "the strength of the frame: root mean square of its changes to pixels from 0 to 1; the peak is the largest change",
  },
];

/** Words that this report uses, in the order of its tables. */
export function glossary({ scores }: ReportData): readonly Entry[] {
  const used = treatments.filter(({ method }) => scores.some((s) => method.test(s.method)));
  const own = scores.some(({ role }) => role === "own-encoder")
    ? [{
      word: "other encoder",
      meaning: "an unseen model with another vision encoder than the source",
    }]
    : [];
  const [source, unseen, ...rest] = always;
  return [...used, source!, unseen!, ...own, ...rest];
}
