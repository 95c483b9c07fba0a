/** What each module that `deno.json` exports offers to other projects, as `deno doc` sees it. @module */

const root = new URL("../../../", import.meta.url);

/** A tag of a doc comment: `@example`. */
export interface Tag {
  readonly kind: string;
  readonly doc?: string;
}

/** A declaration of a symbol; an overloaded function has several. */
export interface Declaration {
  readonly kind: string;
  readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly Tag[] };
}

/** A symbol that can be imported. */
export interface ExportedSymbol {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

/** An export path of the package. */
export interface ExportPath {
  /** `@tvp/pipeline/onnx` */
  readonly specifier: string;
  /** Doc comment of its module. */
  readonly doc: string;
  readonly symbols: readonly ExportedSymbol[];
}

/** All export paths, in the order of `deno.json`. */
export async function publicApi(): Promise<readonly ExportPath[]> {
  const { name, exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  return await Promise.all(
    Object.entries(exports as Record<string, string>).map(async ([path, module]) => ({
      specifier: `${name}${path.slice(1)}`,
      ...await documented(module),
    })),
  );
}

async function documented(module: string): Promise<Pick<ExportPath, "doc" | "symbols">> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", module],
    cwd: root,
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { readonly symbols: readonly ExportedSymbol[] }>;
  };
  const text = await Deno.readTextFile(new URL(module, root));
  const [, comment = ""] = /^\/\*\*\s+([\s\S]*?)\s*@module/.exec(text) ?? [];
  const doc = comment.replaceAll(/^ ?\* ?/gm, "");
  return { doc, symbols: Object.values(nodes).flatMap(({ symbols }) => symbols) };
}
