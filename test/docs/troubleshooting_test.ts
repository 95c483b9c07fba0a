import { assertEquals } from "@std/assert";
import { pageText, root } from "./pages.ts";

/** Where code writes down the code of a diagnostic. */
const writtenCodes: readonly RegExp[] = [
  /\bcode:\s*"([a-z][a-z-]*)"/g,
  /\bcode:[^,{}]*?\?\s*"([a-z-]+)"\s*:\s*"([a-z-]+)"/g,
  /(?:\breport|\b\w*[fF]ailure|\breportMistake|#warn|\bcannotCollect)\(\s*(?:\w+,\s*)?"([a-z]+(?:-[a-z]+)+)",/g,
  /\bdiagnosticError\(\s*"([a-z-]+)",/g,
  /\bunplaced\([^;]*?"([a-z]+(?:-[a-z]+)+)",/g,
];

function codesIn(folder: URL): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return codesIn(new URL(`${name}/`, folder));
    if (!name.endsWith(".ts")) return [];
    const text = Deno.readTextFileSync(new URL(name, folder));
    return writtenCodes.flatMap((form) =>
      [...text.matchAll(form)].flatMap(([, ...codes]) => codes.filter((code) => code !== undefined))
    );
  });
}

Deno.test("docs/troubleshooting.md has a row for every code of a message, and no other", () => {
  const page = pageText("docs/troubleshooting.md");
  const cells = [...page.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) +\|/gm)].map(([, cell]) => cell!);
  const told = new Set(cells.flatMap((cell) => cell.match(/[a-z-]+/g)!));
  const codes = ["lib/", "stages/", "datasets/"].flatMap((each) => codesIn(new URL(each, root)));
  // `check_parameters.ts` puts these together from the kind of the name.
  const ofNames = ["dataset", "file", "loss", "prompt-kind"].map((kind) => `unknown-${kind}`);
  const written = new Set([...codes, ...ofNames]);
  assertEquals([...written].filter((code) => !told.has(code)).sort(), []);
  assertEquals([...told].filter((code) => !written.has(code)), []);
});
