/** Captions of everything in the world, as the CLIP's pretraining reads them. @module */
import type { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Forms of captions; `{}` represents the word. The first is drawn half of the time. */
export interface CaptionSource {
  readonly forms: readonly string[];
  /** Words for each concept, its name first. */
  readonly words: readonly (readonly string[])[];
  readonly kinds: readonly string[];
}

function inForm(forms: readonly string[], word: string, random: Random): string {
  const form = random.uniform() < 0.5 ? forms[0]! : forms[random.integer(forms.length)]!;
  return form.replace("{}", word);
}

/** One caption for each concept: its name in a random form, half of the time with another of its words. */
export function conceptCaptions({ forms, words }: CaptionSource, random: Random): string[] {
  return words.map(([name = "", ...others]) => {
    const more = others.length > 0 && random.uniform() < 0.5
      ? ` ${others[random.integer(others.length)]}`
      : "";
    return inForm(forms, name + more, random);
  });
}

/** One caption for each kind, in a random form. */
export function kindCaptions({ forms, kinds }: CaptionSource, random: Random): string[] {
  return kinds.map((kind) => inForm(forms, kind, random));
}

/** Encodes texts, each only once. */
export function memoisedEncoder(
  encode: (text: string) => readonly number[],
): (text: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (text) => {
    let ids = known.get(text);
    if (ids === undefined) known.set(text, ids = encode(text));
    return ids;
  };
}

/** Texts as inputs of a text tower: int64 `[texts, tokens]` each, padded on the right. */
export function captionTensors(
  rows: readonly (readonly number[])[],
  pad: number,
): { readonly inputIds: Tensor; readonly attentionMask: Tensor } {
  const length = Math.max(1, ...rows.map((row) => row.length));
  const ids = new BigInt64Array(rows.length * length).fill(BigInt(pad));
  const mask = new BigInt64Array(rows.length * length);
  rows.forEach((row, r) => {
    row.forEach((id, i) => {
      ids[r * length + i] = BigInt(id);
      mask[r * length + i] = 1n;
    });
  });
  const dims = [rows.length, length];
  return { inputIds: tensor("int64", dims, ids), attentionMask: tensor("int64", dims, mask) };
}
