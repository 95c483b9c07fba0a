/**
 * Public types are written out, since JSR derives none from a schema. Their schemas are compared with
 * them here, field by field, by the compiler: no one has to keep the two alike by hand.
 *
 * @module
 */
import type { z } from "zod";

/**
 * A schema as one of the type `T`; it does not compile where the two differ in a field, in a field's
 * type, or in what may be left out.
 *
 * @example
 * ```ts ignore
 * const place = schemaOf<Place>()(z.strictObject({ line: z.int(), note: z.string().optional() }));
 * ```
 */
export function schemaOf<T>(): <S extends z.ZodType>(
  schema: Same<Plain<z.output<S>>, Plain<T>> extends true ? S : Differs<z.output<S>, T>,
) => z.ZodType<T> {
  return (schema) => schema as unknown as z.ZodType<T>;
}

/** Named in the compiler's message. */
interface Differs<Schema, Type> {
  readonly ["the schema and the type differ"]: { readonly schema: Schema; readonly type: Type };
}

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends (<X>() => X extends B ? 1 : 2) ? true
  : false;

/** Without what schemas and types say differently: `readonly`, and `undefined` where a field is not there. */
type Plain<T> = T extends string | number | boolean | null | undefined ? T
  : T extends readonly (infer Item)[] ? Plain<Item>[]
  : T extends object ? [keyof Named<T>] extends [never] ? { -readonly [K in keyof T]: Plain<T[K]> }
    : PlainFields<Named<T>>
  : T;

type PlainFields<T> = { -readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> };

/** A map without what a schema lets pass beside its fields. */
type Named<T> = {
  [K in keyof T as string extends K ? never : number extends K ? never : K]: T[K];
};
