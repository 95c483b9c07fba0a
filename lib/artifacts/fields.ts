/** Fields of artifacts. Their messages say what is expected, as `issuesText` puts them. @module */
import { z } from "zod";

export const text = z.string({ error: "text" });
export const texts = z.array(text, { error: "a list of texts" });
export const number = z.number({ error: "a number" });
export const whole = z.int({ error: "a whole number" });
export const wholeOrNull = z.int({ error: "a whole number or null" }).nullable();
export const yesOrNo = z.boolean({ error: "true or false" });
export const numberByName = z.record(z.string(), number, { error: "a map of numbers" });

/** A whole number that is at least `least`. */
export function wholeFrom(least: number): z.ZodInt {
  const error = `a whole number from ${least}`;
  return z.int({ error }).min(least, { error });
}

/** A number from 0. */
export const amount = z.number({ error: "a number from 0" }).min(0, { error: "a number from 0" });

/** A share from 0 to 1. */
export const share = z.number({ error: "a number from 0 to 1" })
  .min(0, { error: "a number from 0 to 1" }).max(1, { error: "a number from 0 to 1" });

/** What was read: nobody changes an artifact. */
export type Frozen<T> = T extends readonly (infer Item)[] ? readonly Frozen<Item>[]
  : T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> }
  : T;
