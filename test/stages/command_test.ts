import { assertEquals } from "@std/assert";
import command from "../../stages/command.ts";

const outputs = { out: "text" };

const cases: readonly { what: string; with: unknown; messages: readonly string[] }[] = [
  { what: "paths that are declared", with: { run: ["p", "{outputs.out}"], outputs }, messages: [] },
  { what: "braces that are none of ours", with: { run: ["p", "{x}{}"], outputs }, messages: [] },
  {
    what: "a path that is not declared",
    with: { run: ["p", "{outputs.uot}{inputs.a}"], outputs },
    messages: [
      '{outputs.uot} has no path: outputs has "out"',
      "{inputs.a} has no path: inputs has no entries",
    ],
  },
  {
    what: "a line for a shell",
    with: { run: "p > q", outputs },
    messages: ["a list: a program and its arguments, no shell"],
  },
  {
    what: "no outputs",
    with: { run: ["p"], outputs: {} },
    messages: ["at least one output has to be declared, such as { log: text }"],
  },
];

for (const { what, with: given, messages } of cases) {
  Deno.test(`command takes ${what}${messages.length > 0 ? " for a mistake" : ""}`, () => {
    const checked = command.with.safeParse(given);
    assertEquals(checked.error?.issues.map((issue) => issue.message) ?? [], messages);
  });
}
