/** The pages of the documentation, and their fenced examples. @module */

/** Root of the repository. */
export const root = new URL("../../", import.meta.url);

/** Markdown files that people read, by their paths in the repository. */
export const pagePaths: readonly string[] = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "zoo/README.md",
  ...markdownBelow("docs"),
].filter(exists);

/** A fenced example of a page. */
export interface Example {
  readonly page: string;
  /** The heading above it. */
  readonly heading: string;
  /** `sh`, `yaml`, `ts`, …; empty where it is output that a command printed. */
  readonly language: string;
  readonly text: string;
}

/** Text of a page. */
export function pageText(path: string): string {
  return Deno.readTextFileSync(new URL(path, root));
}

/** The fenced examples of a page, in order. */
export function examplesOf(page: string): readonly Example[] {
  let heading = "";
  const pieces = pageText(page).matchAll(/^#+ (.*)$|^```([a-z]*)\n([^]*?)^```$/gm);
  return [...pieces].flatMap(([, title, language, text]) => {
    if (title === undefined) return [{ page, heading, language: language!, text: text! }];
    heading = title;
    return [];
  });
}

function markdownBelow(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, root))].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? markdownBelow(`${folder}/${name}`)
      : name.endsWith(".md")
      ? [`${folder}/${name}`]
      : []
  ).sort();
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isFile;
  } catch {
    return false;
  }
}
