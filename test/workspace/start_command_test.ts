import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { shellWord, startCommand } from "../../lib/workspace/start_command.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));

const words: readonly [string, string][] = [
  ["mine.yaml", "mine.yaml"],
  ["a/b-c_1.yaml", "a/b-c_1.yaml"],
  ["Mein Ordner ñ 日本/first.yaml", "'Mein Ordner ñ 日本/first.yaml'"],
  ["it's", "'it'\\''s'"],
  ["vars.seeds=[0]", "'vars.seeds=[0]'"],
  ["", "''"],
];

Deno.test("shellWord() quotes what a shell would change", () => {
  for (const [word, expected] of words) assertEquals(shellWord(word), expected);
});

Deno.test("startCommand() is deno task in the project, and elsewhere the program by its path", () => {
  const home = Deno.cwd();
  const folder = Deno.makeTempDirSync();
  try {
    Deno.chdir(root);
    assertEquals(startCommand("trust", "a b.yaml"), "deno task tvp trust 'a b.yaml'");
    Deno.chdir(folder);
    const main = shellWord(`${root}lib/cli/main.ts`);
    assertEquals(startCommand("trust", "a.yaml"), `deno run -A ${main} trust a.yaml`);
  } finally {
    Deno.chdir(home);
    Deno.removeSync(folder);
  }
});
