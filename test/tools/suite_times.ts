/**
 * Says how long the tests of each folder take, from the report that `deno test --junit-path` writes:
 * `deno task times`. Tests run side by side, so the folders add up to more than the clock says.
 *
 * @module
 */

/** Seconds and tests of a folder. */
export interface FolderTime {
  readonly folder: string;
  readonly tests: number;
  readonly seconds: number;
}

/** Times by folder below `test/`, the slowest first. */
export function folderTimes(junit: string): FolderTime[] {
  const cases = junit.matchAll(/<testcase [^>]*classname="([^"]*)" time="([^"]*)"/g);
  const folders = new Map<string, FolderTime>();
  for (const [, file, time] of cases) {
    const folder = /\btest\/([^/]+)\//.exec(file!)?.[1] ?? "test";
    const { tests, seconds } = folders.get(folder) ?? { tests: 0, seconds: 0 };
    folders.set(folder, { folder, tests: tests + 1, seconds: seconds + Number(time) });
  }
  return [...folders.values()].sort((a, b) => b.seconds - a.seconds);
}

/** The times as a Markdown table. */
export function timesTable(times: readonly FolderTime[]): string {
  const rows = times.map(({ folder, tests, seconds }) =>
    `| \`test/${folder}/\` | ${tests} | ${seconds.toFixed(1)} |`
  );
  return ["| folder | tests | seconds |", "| --- | ---: | ---: |", ...rows].join("\n");
}

if (import.meta.main) {
  console.log(timesTable(folderTimes(await Deno.readTextFile(Deno.args[0]!))));
}
