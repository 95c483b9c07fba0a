/** What is known of a prompt, as its file has it. @module */
import { z } from "zod";
import { issueText } from "../diagnostic/schema_issue.ts";
import type { PromptKind } from "./prompt_kind.ts";
import { promptTable } from "./prompt_table.ts";

/** What is known of a prompt. How it was trained is absent where a file from elsewhere did not say. */
export interface PromptMeta {
  /** Name of its kind; one of one's own says with `picture` how it shows the picture. */
  readonly kind: string;
  readonly picture?: PromptKind["picture"];
  /** Side S of the canvas in pixels. */
  readonly canvas: number;
  /** Side s of the picture in pixels. */
  readonly image: number;
  /** Models it was trained on. */
  readonly sources: readonly { readonly name: string; readonly digest: string }[];
  readonly task: string;
  /** What tables call the prompt. */
  readonly method: string;
  readonly loss: Readonly<Record<string, number>>;
  readonly optimizer?: string;
  readonly schedule?: string;
  readonly augment?: string;
  readonly lr?: number;
  readonly steps?: number;
  readonly batch?: number;
  readonly seed: number | null;
}

/** The bytes are no prompt; the message says why. */
export class PromptError extends SyntaxError {
  override readonly name = "PromptError";
}

/** A failure to read a prompt. */
export const promptFailure = (cause: string): PromptError =>
  new PromptError(`Cannot read a prompt: ${cause}`);

const text = z.string({ error: "text" });
const number = z.number({ error: "a number" });
const whole = z.int({ error: "a whole number" });
const side = z.int({ error: "a whole number from 1" }).min(1, { error: "a whole number from 1" });
const source = z.object({ name: text, digest: text }, { error: "a map of name and digest" });

/** The metadata `prompt` of a file. What a later version adds is left as it is. */
const metaSchema = z.looseObject({
  kind: text,
  picture: z.enum(["shrunk", "whole"], { error: "shrunk or whole" }).optional(),
  canvas: side,
  image: side,
  sources: z.array(source, { error: "a list" }),
  task: text,
  method: text,
  loss: z.record(z.string(), number, { error: "a map of numbers" }),
  optimizer: text.optional(),
  schedule: text.optional(),
  augment: text.optional(),
  lr: number.optional(),
  steps: whole.optional(),
  batch: whole.optional(),
  seed: z.int({ error: "a whole number or null" }).nullable(),
}, { error: "a map" });

/**
 * Reads the metadata of a prompt.
 *
 * @throws {PromptError} If they are missing, or not what a prompt has.
 */
export function readMeta(json: string | undefined): PromptMeta {
  if (json === undefined) throw promptFailure('its metadata have no entry "prompt"');
  const value = parseJson(json);
  const checked = metaSchema.safeParse(value);
  if (!checked.success) {
    throw promptFailure(`in its metadata ${issueText(checked.error.issues, value)}`);
  }
  const meta = checked.data as unknown as PromptMeta;
  const { kind, picture, image, canvas } = meta;
  if (!Object.hasOwn(promptTable, kind) && picture === undefined) {
    const known = Object.keys(promptTable).join(", ");
    throw promptFailure(`its kind is "${kind}", known are ${known}; one of one's own says picture`);
  }
  if (image <= canvas) return meta;
  throw promptFailure(
    `in its metadata image (${image}) must not be larger than canvas (${canvas})`,
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new PromptError("Cannot read a prompt: its metadata are no JSON", { cause });
  }
}
