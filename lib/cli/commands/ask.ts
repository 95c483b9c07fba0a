import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Evaluated, Evaluation } from "../../evaluation/evaluate.ts";
import { type Command, exitCodes, hasFlag, numberOption, textOption } from "../command.ts";
import { deviceOptions } from "../device.ts";
import { namedModel } from "../open_model.ts";
import { weightOption } from "../weight_option.ts";
import { printJson, printLine, printNotice, table } from "../print.ts";

import { middleSquare, readImage, readPrompt } from "../read_image.ts";

/** Asks a model about an image. */
const command: Command = {
  name: "ask",
  summary: "Asks a model a question about an image, with a visual prompt on it or without.",
  operands: "MODEL IMAGE QUESTION",
  minOperands: 3,
  maxOperands: 3,
  example: "deno task tvp ask zoo/mini-blip2 cat.jpg 'This is a photo of a' --choices cat,dog,car",
  options: {
    prompt: { type: "text", value: "FILE", help: "a trained prompt to put on the image" },
    choices: { type: "text", value: "A,B,…", help: "answers to choose from, the likeliest first" },
    "max-tokens": { type: "number", value: "N", help: "longest free answer; default 16" },
    ...weightOption,
    provider: deviceOptions.provider,
    json: { type: "flag", help: "the answer as JSON" },
  },
  async run(args) {
    const [name, file, question] = args.operands as [string, string, string];
    const choices = choicesOf(textOption(args, "choices"));
    const model = await namedModel(args, name);
    const promptFile = textOption(args, "prompt");
    const prompt = promptFile === undefined ? undefined : await readPrompt(promptFile);
    const image = await readImage(file);
    const { side, note, pixels } = middleSquare(image);
    const { imagesIn } = await import("../../vision/images.ts");
    const images = prompt === undefined
      ? imagesIn(image.pixels, image)
      : imagesIn(pixels, { height: side, width: side });
    const { appliedPrompt } = await import("../../evaluation/applied_prompt.ts");
    const { rows: [row], isClip } = await answer({
      model,
      data: { images, ...questionOf(question, choices) },
      ...(prompt === undefined ? {} : { canvas: appliedPrompt(prompt) }),
      match: "token",
      maxTokens: numberOption(args, "max-tokens") ?? 16,
      batch: 1,
      session: {
        provider: (textOption(args, "provider") ?? "auto") as "auto",
        log: printNotice,
      },
    });
    const ranked = choices && rank(choices, row!.scores!, isClip);
    const told = ranked?.[0]?.choice ?? String(row!.prediction);
    if (hasFlag(args, "json")) {
      printJson({ model: name, question, answer: told, ...(ranked ? { choices: ranked } : {}) });
    } else printLine(ranked === undefined ? told : table(ranked.map(choiceRow)));
    if (prompt !== undefined && note !== undefined) printNotice(note);
    return exitCodes.done;
  },
};
export default command;

function choicesOf(text: string | undefined): readonly string[] | undefined {
  const choices = text?.split(",").map((choice) => choice.trim());
  if (choices === undefined || (choices.length > 1 && !choices.includes(""))) return choices;
  throw diagnosticError(
    "usage",
    `Cannot use "${text}" for --choices: expected two or more, cat,dog`,
  );
}

/** A data set of one row. */
function questionOf(instruction: string, choices: readonly string[] | undefined) {
  const info = choices === undefined
    ? { name: "ask", kind: "generation" } as const
    : { name: "ask", kind: "classification", classes: choices } as const;
  return { rows: [{ id: "0", cluster: "0", instruction, answer: choices?.[0] ?? "" }], info };
}

/** What a model cannot do with what it is given is the user's to hear. */
async function answer(evaluation: Evaluation): Promise<Evaluated> {
  const { evaluateModel } = await import("../../evaluation/evaluate.ts");
  try {
    return await evaluateModel(evaluation);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    throw diagnosticError("model-refused", error.message);
  }
}

interface Choice {
  readonly choice: string;
  /** Mean log-likelihood of its tokens; of a CLIP the cosine of image and text. */
  readonly score: number;
  /** Share of the likelihood, of all choices 1. */
  readonly probability?: number;
}

function rank(choices: readonly string[], scores: readonly number[], isClip: boolean): Choice[] {
  const largest = Math.max(...scores);
  const shares = scores.map((score) => Math.exp(score - largest));
  const sum = shares.reduce((total, share) => total + share, 0);
  return choices.map((choice, i) => ({
    choice,
    score: scores[i]!,
    ...(isClip ? {} : { probability: shares[i]! / sum }),
  })).sort((a, b) => b.score - a.score);
}

function choiceRow({ choice, score, probability }: Choice): string[] {
  const figure = probability === undefined
    ? score.toFixed(3)
    : `${(100 * probability).toFixed(1)} %`;
  return [figure.padStart(7), choice];
}
