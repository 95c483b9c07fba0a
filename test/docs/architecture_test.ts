import { assertEquals } from "@std/assert";
import { importTable } from "../tools/lint_plugin.ts";
import { pageText, root } from "./pages.ts";

const page = pageText("ARCHITECTURE.md");

/** Paths in the type of code; a word in capitals stands for any name. */
const named = [...page.matchAll(/`((?:lib|stages|datasets|test|docs|zoo|pipelines)\/[^`]*)`/g)]
  .map(([, path]) => path!).filter((path) => !/[A-Z]{2}/.test(path));

function foldersOf(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].filter((entry) => entry.isDirectory)
    .map(({ name }) => `${folder}${name}/`).sort();
}

Deno.test("every path that ARCHITECTURE.md names is in the tree", () => {
  const missing = named.filter((path) => {
    try {
      return path.endsWith("/") !== Deno.statSync(new URL(path, root)).isDirectory &&
        path.includes(".");
    } catch {
      return true;
    }
  });
  assertEquals(missing, []);
});

Deno.test("ARCHITECTURE.md names every folder of lib and every phase in it", () => {
  const folders = foldersOf("lib/").flatMap((folder) =>
    folder === "lib/std/" ? [folder] : [folder, ...foldersOf(folder)]
  );
  // A folder in several phases is named by them.
  const known = (folder: string) => named.some((path) => path.startsWith(folder));
  assertEquals(folders.filter((folder) => !known(folder)), []);
});

Deno.test("the table of imports has a row for every folder with code", () => {
  const folders = [...foldersOf("lib/"), "datasets/"].map((folder) => folder.slice(0, -1));
  assertEquals(Object.keys(importTable).sort(), folders.sort());
});
