/** Says how to read a folder that holds files of another format. @module */
import { formatEndings, packedArchive } from "./data_spec.ts";

/** How a data set that `save_to_disk` wrote becomes a file that is read. */
export const toParquet =
  `write Parquet with it: load_from_disk("FOLDER").to_parquet("data.parquet")`;

/** What to do with a folder by how a file in it ends. */
const hints: readonly (readonly [ending: RegExp, hint: string])[] = [
  [/\.arrow$/i, `it holds Arrow files of Hugging Face's save_to_disk: ${toParquet}`],
  [/\.(?:zip|7z|rar)$/i, "it holds an archive: unpack it first"],
  ...[...Object.entries(formatEndings), ["webdataset", packedArchive] as const].map((
    [format, ending],
  ) => [ending, `it holds files of another format: write { ${format}: PATH }`] as const),
];

/** Hints for the files right in a folder, each once. */
export function otherFormats(folder: string): string[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const found = hints.filter(([ending]) => names.some((name) => ending.test(name)));
  return [...new Set(found.map(([, hint]) => hint))];
}
