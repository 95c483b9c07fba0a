import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { shellWord } from "../../lib/trust/shell_word.ts";
import { pipelineCommand, startCommand } from "../../lib/workspace/start_command.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));

Deno.test("startCommand() is deno task in the project, and elsewhere the program by its path", () => {
  const home = Deno.cwd();
  const folder = Deno.makeTempDirSync();
  try {
    Deno.chdir(root);
    assertEquals(startCommand("trust", "a b.yaml"), "deno task tvp trust 'a b.yaml'");
    const file = { file: "a.yaml", set: ["vars.words=[a, b]", "vars.n=1"] };
    assertEquals(
      pipelineCommand("logs", file),
      "deno task tvp logs a.yaml --set 'vars.words=[a, b]' --set vars.n=1",
    );
    Deno.chdir(folder);
    const main = shellWord(`${root}lib/cli/main.ts`);
    assertEquals(startCommand("trust", "a.yaml"), `deno run -A ${main} trust a.yaml`);
  } finally {
    Deno.chdir(home);
    Deno.removeSync(folder);
  }
});
