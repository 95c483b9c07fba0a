import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Command } from "../../lib/cli/command.ts";
import { commandHelp } from "../../lib/cli/command.ts";
import { type CommandName, commandTable, loadCommand } from "../../lib/cli/command_table.ts";
import { main } from "../../lib/cli/main.ts";
import { parseArguments } from "../../lib/cli/parse_arguments.ts";

const commands: readonly Command[] = await Promise.all(
  (Object.keys(commandTable) as CommandName[]).map(loadCommand),
);

for (const command of commands) {
  Deno.test(`tvp ${command.name} has a help with an example, exit codes and --json`, () => {
    const help = commandHelp(command);
    assertStringIncludes(help, `Usage: tvp ${command.name}`);
    assertMatch(help, /^ {2}--json +\S/m);
    assertMatch(
      help,
      /^Exit codes: 0 done, .*2 wrong arguments or files, 70 a bug in this program/m,
    );
    for (const [name, { help }] of Object.entries(command.options)) {
      assert(!help.endsWith("."), `${name}: ${help}`);
    }
    // The example is one that the command would take; what stands around it is the shell's.
    const [, words] = /deno task (?:-q )?(?:tvp \S+|pipeline)((?: .*?)??)(?: [|>].*|\)")?$/
      .exec(command.example)!;
    const args = [...words!.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) =>
      quoted ?? bare!
    );
    const parsed = parseArguments(command, args);
    assertEquals(parsed.ok ? [] : parsed.error, []);
  });
}

Deno.test("names of commands are those of their table", () => {
  assertEquals(commands.map(({ name }) => name), Object.keys(commandTable));
});

Deno.test("main() knows -h and --version", async () => {
  assertEquals([await main(["-h"]), await main(["run", "-h"]), await main(["--version"])], [
    0,
    0,
    0,
  ]);
});
