import { assertEquals } from "@std/assert";
import { root } from "./pages.ts";

interface Tag {
  readonly kind: string;
  readonly doc?: string;
}

interface Declaration {
  readonly kind: string;
  readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly Tag[] };
}

interface Exported {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

/** What other projects can call or hold; a type is shown by what takes or gives it. */
const shownByExample = ["function", "class", "variable"];

/** What the modules that `deno.json` exports offer, each symbol once. */
async function exported(): Promise<(readonly [module: string, Exported])[]> {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const modules = Object.values(config.exports as Record<string, string>);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...modules],
    cwd: root,
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { readonly symbols: readonly Exported[] }>;
  };
  return Object.entries(nodes).flatMap(([module, { symbols }]) =>
    symbols.map((symbol) => [module.slice(root.href.length), symbol] as const)
  ).filter(([, { declarations }]) => declarations.every(({ kind }) => kind !== "reference"));
}

const symbols = await exported();

function lacking(has: (declaration: Declaration) => boolean): string[] {
  return symbols.filter(([, { declarations }]) => !declarations.every(has))
    .map(([module, { name }]) => `${module} ${name}`);
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
