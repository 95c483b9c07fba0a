import { assertEquals } from "@std/assert";
import { z } from "zod";
import { schemaOf } from "../../lib/diagnostic/schema_of.ts";

interface Place {
  readonly line: number;
  readonly note?: string;
  readonly tags?: readonly ("a" | "b")[];
  readonly inner: Readonly<Record<string, { readonly x?: number }>>;
}

const fields = {
  line: z.int(),
  note: z.string().optional(),
  tags: z.array(z.enum(["a", "b"])).optional(),
  inner: z.record(z.string(), z.object({ x: z.number().optional() })),
};
const { note: _, ...withoutNote } = fields;
const otherInner = z.record(z.string(), z.object({ x: z.string().optional() }));

Deno.test("schemaOf() takes a schema of the same fields, whatever it lets pass beside them", () => {
  const place: Place = { line: 1, tags: ["a"], inner: {} };
  assertEquals(schemaOf<Place>()(z.strictObject(fields)).parse(place), place);
  assertEquals(schemaOf<Place>()(z.looseObject(fields)).parse(place), place);
});

Deno.test("schemaOf() compiles for no other schema", () => {
  // @ts-expect-error: a field that the type has is not checked
  schemaOf<Place>()(z.object(withoutNote));
  // @ts-expect-error: the same where other fields may pass
  schemaOf<Place>()(z.looseObject(withoutNote));
  // @ts-expect-error: the type lacks a field
  schemaOf<Place>()(z.object({ ...fields, more: z.string().optional() }));
  // @ts-expect-error: a field must be there that the type leaves out
  schemaOf<Place>()(z.object({ ...fields, note: z.string() }));
  // @ts-expect-error: other words are allowed
  schemaOf<Place>()(z.object({ ...fields, tags: z.array(z.enum(["a", "c"])).optional() }));
  // @ts-expect-error: another type, further in
  schemaOf<Place>()(z.object({ ...fields, inner: otherInner }));
});
