/** Loads modules that most runs never need. @module */

/**
 * Loads a module when it is asked for. An `import()` that names its module in place would have Deno
 * read and parse that module, and all that it imports, before the program begins.
 *
 * @typeParam M What the module exports: `typeof import("./file.ts")`.
 */
export async function loadLater<M>(module: URL): Promise<M> {
  return await import(module.href) as M;
}
