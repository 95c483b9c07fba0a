/** Which of the project's modules import which, and where imports run in circles. @module */

/** A module or folder, and what it imports. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** Imports of the modules in folders of the project, types included; `root` ends in a slash. */
export function importGraph(root: string, folders: readonly string[]): ImportGraph {
  const graph = new Map<string, ReadonlySet<string>>();
  for (const path of folders.flatMap((folder) => modulesIn(root, folder))) {
    graph.set(path, new Set(importsOf(root, path)));
  }
  return graph;
}

function modulesIn(root: string, folder: string): string[] {
  return [...Deno.readDirSync(root + folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return modulesIn(root, `${folder}/${name}`);
    return name.endsWith(".ts") ? [`${folder}/${name}`] : [];
  });
}

function importsOf(root: string, path: string): string[] {
  const text = Deno.readTextFileSync(root + path);
  const statements = text.matchAll(/^(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"/gm);
  const place = new URL(path, "file:///");
  return [...statements].map(([, specifier]) => new URL(specifier!, place).pathname.slice(1));
}

/**
 * The graph of folders. A folder and those inside it are one thing of several parts: what these take
 * from the folder around them does not count, nor do `mod.ts` files, which gather what is offered.
 */
export function folderGraph(modules: ImportGraph): ImportGraph {
  const graph = new Map<string, Set<string>>();
  for (const [path, imports] of modules) {
    if (path.endsWith("/mod.ts")) continue;
    const from = folderOf(path);
    const known = graph.get(from) ?? new Set();
    const others = [...imports].map(folderOf);
    others.filter((other) => !`${from}/`.startsWith(`${other}/`)).forEach((other) =>
      known.add(other)
    );
    graph.set(from, known);
  }
  return graph;
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/**
 * Circles of a graph: groups of nodes of which each leads to every other (Tarjan, "Depth-first
 * search and linear graph algorithms", 1972). Each is sorted.
 *
 * @example
 * ```ts
 * importCircles(new Map([["a", new Set(["b"])], ["b", new Set(["a"])]])); // [["a", "b"]]
 * ```
 */
export function importCircles(graph: ImportGraph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): number => {
    order.set(node, order.size);
    lowest.set(node, order.get(node)!);
    open.push(node);
    for (const next of graph.get(node) ?? []) {
      const low = order.has(next)
        ? (open.includes(next) ? order.get(next)! : Infinity)
        : visit(next);
      lowest.set(node, Math.min(lowest.get(node)!, low));
    }
    if (lowest.get(node) === order.get(node)) {
      const group = open.splice(open.indexOf(node));
      if (group.length > 1) circles.push(group.sort());
    }
    return lowest.get(node)!;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles;
}
