import { assertEquals } from "@std/assert";
import { pagePaths, pageText, root } from "./pages.ts";

/** What a heading is called in a link, as GitHub has it. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

/** Text without fenced examples: what looks like a heading or a link there is none. */
function prose(page: string): string {
  return pageText(page).replace(/^```[^]*?^```$/gm, "");
}

function anchorsOf(page: string): readonly string[] {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
}

function brokenLinks(page: string): string[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const { pathname, hash } = new URL(link, new URL(page, root));
      const path = pathname.slice(root.pathname.length);
      try {
        Deno.statSync(new URL(path, root));
      } catch {
        return true;
      }
      return hash !== "" && !anchorsOf(path).includes(decodeURIComponent(hash.slice(1)));
    });
}

Deno.test("every link of the documentation leads to a file and a heading", () => {
  const broken = pagePaths.flatMap((page) => brokenLinks(page).map((link) => `${page}: ${link}`));
  assertEquals(broken, []);
});

/** Paths in the type of code; `{a,b}` and words in capitals stand for other names. */
function namedPaths(page: string): string[] {
  return [...prose(page).matchAll(/`((?:lib|stages|datasets|test|docs)\/[\w./-]*)`/g)]
    .map(([, path]) => path!).filter((path) => !/[A-Z]{2}/.test(path));
}

Deno.test("every path that the documentation names is in the tree", () => {
  const missing = pagePaths.flatMap((page) =>
    namedPaths(page).filter((path) => {
      try {
        Deno.statSync(new URL(path, root));
        return false;
      } catch {
        return true;
      }
    }).map((path) => `${page}: ${path}`)
  );
  assertEquals(missing, []);
});
