import { assertEquals } from "@std/assert";
import { type Declaration, publicApi } from "../tools/reference/public_api.ts";

/** What other projects can call or hold; a type is shown by what takes or gives it. */
const shownByExample = ["function", "class", "variable"];

const symbols = (await publicApi()).flatMap(({ specifier, symbols }) =>
  symbols.map((symbol) => [specifier, symbol] as const)
);

function lacking(has: (declaration: Declaration) => boolean): string[] {
  return symbols.filter(([, { declarations }]) => !declarations.every(has))
    .map(([specifier, { name }]) => `${specifier} ${name}`);
}

const exampleOf = ({ jsDoc }: Declaration): string | undefined =>
  jsDoc?.tags?.find(({ kind }) => kind === "example")?.doc;

Deno.test("every symbol that other projects can import has a doc comment", () => {
  assertEquals(lacking(({ jsDoc }) => (jsDoc?.doc ?? "") !== ""), []);
});

Deno.test("every function, class and value that other projects can import has an example that runs", () => {
  const without = lacking((declaration) =>
    !shownByExample.includes(declaration.kind) ||
    /^```ts\n/m.test(exampleOf(declaration) ?? "")
  );
  assertEquals(without, []);
});
