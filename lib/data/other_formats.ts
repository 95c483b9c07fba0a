/** Says how to read a folder that holds files of another format. @module */
import { formatEndings } from "./data_spec.ts";
import { toParquet } from "./file_kind.ts";

/** What to do with a folder by how a file in it ends. */
const hints: readonly (readonly [ending: RegExp, hint: string])[] = [
  [/\.arrow$/i, `it holds Arrow files of Hugging Face's save_to_disk: ${toParquet()}`],
  [/\.(?:zip|7z|rar)$/i, "it holds an archive: unpack it first"],
  ...Object.entries(formatEndings).map(([format, ending]) =>
    [ending, `it holds files of another format: write { ${format}: PATH }`] as const
  ),
];

/** Hints for the files right in a folder, each once. */
export function otherFormats(folder: string): string[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return hints.filter(([ending]) => names.some((name) => ending.test(name))).map(([, hint]) =>
    hint
  );
}
