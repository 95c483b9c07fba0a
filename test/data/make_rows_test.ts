import { assert, assertEquals, assertThrows } from "@std/assert";
import type { DataSpec } from "../../lib/data/data_spec.ts";
import type { Listing } from "../../lib/data/listing.ts";
import { makeRows } from "../../lib/data/make_rows.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";

/** A listing of rows, and what numbers of `label` stand for. */
function listingOf(rows: readonly Record<string, unknown>[], names?: readonly string[]): Listing {
  return {
    rows: rows.map((fields, i) => ({ where: `row ${i + 1}`, fields })),
    ...(names === undefined
      ? {}
      : { classesOf: (column) => column === "label" ? names : undefined }),
    images: async function* () {},
  };
}

Deno.test("makeRows() reads nothing from a column without a name", () => {
  const listing = listingOf([
    { "": "0", image: "a.png", label: "cat" },
    { "": "0", image: "b.png", label: "dog" },
  ]);
  assertEquals(makeRows(listing, { csv: "a.csv" }, "a.csv").rows, [
    {
      id: "a.png",
      instruction: "This is a photo of a",
      answer: "cat",
      label: 0,
      place: 0,
      where: "row 1",
    },
    {
      id: "b.png",
      instruction: "This is a photo of a",
      answer: "dog",
      label: 1,
      place: 1,
      where: "row 2",
    },
  ]);
});

Deno.test("makeRows() reads columns that begin late", () => {
  const rows = Array.from({ length: 102 }, (_, i) => ({ image: `${i}.png`, label: "cat" }));
  const listing = listingOf([...rows, { image: "last.png", label: "dog", caption: "a dog" }]);
  assertEquals(makeRows(listing, { csv: "a.csv" }, "a.csv").rows[102]!.caption, "a dog");
});

Deno.test("makeRows() asks the instruction of choices, not a column without a name", () => {
  const listing = listingOf([{ "": "0", image: "a.png", choices: ["x", "y"], answer: 1 }]);
  const { rows } = makeRows(listing, { csv: "a.csv", instruction: "What?" }, "a.csv");
  assert(rows[0]!.instruction.startsWith("What?\nA. x\nB. y\n"), rows[0]!.instruction);
});

const odd = ["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf"];

const classes: readonly (readonly [
  name: string,
  spec: Partial<DataSpec>,
  names: readonly string[] | undefined,
  labels: readonly unknown[],
  answers: readonly string[],
])[] = [
  ["words that JavaScript's objects have", {}, undefined, odd, odd],
  ["these words by number", {}, odd, [0, 4, 2], ["__proto__", "valueOf", "hasOwnProperty"]],
  ["these words as new names", { classes: { a: "valueOf" } }, undefined, ["a", "b"], [
    "valueOf",
    "b",
  ]],
  ["new names by number", { classes: { "1": "hound" } }, ["cat", "dog"], [0, 1], ["cat", "hound"]],
  ["new names by name", { classes: { dog: "hound" } }, ["cat", "dog"], [0, 1], ["cat", "hound"]],
];

for (const [name, spec, names, labels, answers] of classes) {
  Deno.test(`makeRows() reads classes: ${name}`, () => {
    const listing = listingOf(labels.map((label, i) => ({ image: `${i}.png`, label })), names);
    const { rows } = makeRows(listing, { csv: "a.csv", ...spec }, "a.csv");
    assertEquals(rows.map(({ answer }) => answer), answers);
  });
}

const mistakes: readonly (readonly [
  spec: Partial<DataSpec>,
  names: readonly string[] | undefined,
  message: string,
  note: string,
])[] = [
  [
    { classes: { cow: "moo" } },
    undefined,
    'a.csv: classes gives "cow" another name, but no class is called so',
    'known: "cat", "dog"',
  ],
  [{ classes: { dgo: "hound" } }, undefined, 'gives "dgo" another name', 'did you mean "dog"?'],
  [{ classes: { "2": "hound" } }, ["cat", "dog"], 'gives "2" another name', 'known: "cat", "dog"'],
  [
    { kind: "generation", classes: ["cat", "dog"] },
    undefined,
    "a.csv: it has no classes to name, because its answers are free",
    "leave out classes",
  ],
  [
    { kind: "yes-no", classes: { "1": "yes" } },
    undefined,
    "a.csv: it has no classes to name, because its answers are yes and no",
    "leave out classes",
  ],
  [{ kind: "yes-no" }, undefined, 'row 1: its answer is "cat", expected yes or no', ""],
];

for (const [spec, names, message, note] of mistakes) {
  Deno.test(`makeRows() says: ${message}`, () => {
    const labels = names === undefined ? ["cat", "dog"] : [0, 1];
    const listing = listingOf(labels.map((label, i) => ({ image: `${i}.png`, label })), names);
    const error = assertThrows(
      () => makeRows(listing, { csv: "a.csv", ...spec }, "a.csv"),
      DiagnosticError,
    );
    const { message: told, notes = [] } = error.diagnostics[0]!;
    assert(told.includes(message), told);
    assert(notes.join("\n").includes(note), notes.join("\n"));
  });
}
