import { assertEquals } from "@std/assert";
import type { Command } from "../../lib/cli/command.ts";
import { parseArguments } from "../../lib/cli/parse_arguments.ts";

const command: Command = {
  name: "bake",
  summary: "bakes",
  operands: "FILE [STAGE]",
  minOperands: 1,
  maxOperands: 2,
  example: "deno task tvp bake cake.yaml",
  options: {
    set: { type: "text", value: "K=V", repeat: true, help: "" },
    out: { type: "text", value: "FILE", short: "o", help: "" },
    jobs: { type: "number", value: "N", help: "" },
    from: { type: "number", zero: true, help: "" },
    to: { type: "text", choices: ["html", "json"], help: "" },
    force: { type: "optional", value: "STAGE", repeat: true, help: "" },
    plan: { type: "flag", help: "" },
  },
  run: () => Promise.resolve(0),
};

const taken: readonly (readonly [args: string, operands: string[], options: object])[] = [
  ["cake", ["cake"], {}],
  ["cake icing", ["cake", "icing"], {}],
  ["cake --jobs 2 --plan", ["cake"], { jobs: ["2"], plan: [""] }],
  ["--plan cake", ["cake"], { plan: [""] }],
  ["--plan true", ["true"], { plan: [""] }],
  ["--jobs=2 cake", ["cake"], { jobs: ["2"] }],
  ["cake --set a=1 --set=b=c=d", ["cake"], { set: ["a=1", "b=c=d"] }],
  ["cake --out --plan", ["cake"], { out: ["--plan"] }],
  ["cake -o file", ["cake"], { out: ["file"] }],
  ["--plan cake icing", ["cake", "icing"], { plan: [""] }],
  ["--out --out cake", ["cake"], { out: ["--out"] }],
  ["--force cake", ["cake"], { force: [""] }],
  ["--force=icing cake --force", ["cake"], { force: ["icing", ""] }],
  ["cake --from 0 --to json", ["cake"], { from: ["0"], to: ["json"] }],
  ["007 -", ["007", "-"], {}],
  ["--plan -- cake --plan", ["cake", "--plan"], { plan: [""] }],
];

for (const [args, operands, options] of taken) {
  Deno.test(`parseArguments() takes: ${args}`, () => {
    const parsed = parseArguments(command, args.split(" "));
    const found = parsed.ok
      ? { operands: parsed.value.operands, options: Object.fromEntries(parsed.value.options) }
      : parsed.error;
    assertEquals(found, { operands, options } as typeof found);
  });
}

const help = "all options: deno task tvp bake --help";

const refused: readonly (readonly [args: string, message: string, notes?: string[]])[] = [
  [
    "cake --force icing now",
    'Cannot run "tvp bake": expected FILE [STAGE], got "cake" "icing" "now"',
    ["write --force=icing", "example: deno task tvp bake cake.yaml"],
  ],
  ["cake --pan", 'Unknown option "--pan" of bake', ['did you mean "--plan"?', help]],
  ["cake --dry-run", 'Unknown option "--dry-run" of bake', ['did you mean "--plan"?', help]],
  ["cake --a.b=1", 'Unknown option "--a.b" of bake', [help]],
  ["cake --no-plan", 'Unknown option "--no-plan" of bake', [help]],
  ["cake --constructor", 'Unknown option "--constructor" of bake', [help]],
  ["--what cake", 'Unknown option "--what" of bake', [help]],
  ["cake --__proto__=1", 'Unknown option "--__proto__" of bake', [help]],
  ["cake -ofile", 'Unknown option "-ofile" of bake', [help]],
  ["cake -p", 'Unknown option "-p" of bake', [help]],
  ["cake -wide", 'Unknown option "-wide" of bake', [help]],
  ["cake --plan=yes", 'Cannot give "--plan" a value: it is a flag'],
  ["cake --jobs", 'Cannot use "--jobs" without N'],
  ["cake -o", 'Cannot use "--out" without FILE'],
  ["cake --out=", 'Cannot use "--out" without FILE'],
  ["cake --plan=false", 'Cannot give "--plan" a value: it is a flag'],
  ["cake --jobs two", 'Cannot use "two" for --jobs: expected a whole number above 0'],
  ["cake --jobs 0", 'Cannot use "0" for --jobs: expected a whole number above 0'],
  ["cake --from -1", 'Cannot use "-1" for --from: expected a whole number'],
  ["cake --to xml", 'Cannot use "xml" for --to: expected html, json'],
  ["cake --jobs 1 --jobs 2", 'Cannot give "--jobs" more than once'],
  ["--plan", 'Cannot run "tvp bake": expected FILE [STAGE], got nothing', [
    "example: deno task tvp bake cake.yaml",
  ]],
  ["a b c", 'Cannot run "tvp bake": expected FILE [STAGE], got "a" "b" "c"', [
    "example: deno task tvp bake cake.yaml",
  ]],
];

for (const [args, message, notes] of refused) {
  Deno.test(`parseArguments() refuses: ${args}`, () => {
    const parsed = parseArguments(command, args.split(" "));
    const mistake = { code: "usage", severity: "error", message, ...(notes ? { notes } : {}) };
    assertEquals<unknown>(parsed, { ok: false, error: [mistake] });
  });
}

Deno.test("parseArguments() tells all mistakes at once", () => {
  const parsed = parseArguments(command, ["--pan", "--jobs", "x", "--plan=1"]);
  assertEquals(parsed.ok ? 0 : parsed.error.length, 4);
});
