/** Whether code that is not this project's own may run: said by a flag, on the terminal, or before. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type CommandArguments, hasFlag } from "./command.ts";
import { count, printNotice } from "./print.ts";
import type { TrustItem } from "../workspace/trust_items.ts";
import { addTrusted, readTrusted } from "../workspace/trusted.ts";

/** Most items that are shown. */
const mostShown = 12;

/**
 * Asks on a terminal before code and programs of a pipeline run for the first time. Where nobody can
 * be asked, they run and a note says so, unless `--require-trust` is given.
 *
 * @throws {DiagnosticError} `untrusted`, if they may not run.
 */
export function askTrust(args: CommandArguments, items: readonly TrustItem[]): void {
  const trusted = readTrusted();
  const unknown = items.filter(({ digest }) => !trusted.has(digest));
  if (unknown.length === 0) return;
  const remember = () => void addTrusted(unknown.map(({ digest }) => digest));
  if (hasFlag(args, "trust")) return remember();
  if (hasFlag(args, "require-trust")) throw untrusted(args, unknown);
  if (!isAskable(args)) return printNotice(notice(args, unknown));
  if (!confirm(question(args, unknown))) throw untrusted(args, unknown);
  remember();
}

function isAskable(args: CommandArguments): boolean {
  return !hasFlag(args, "json") && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

/** Lines that say what would run. */
export function itemLines(items: readonly TrustItem[]): string[] {
  const lines = items.slice(0, mostShown).map(({ what }) => what);
  return items.length > mostShown ? [...lines, `and ${items.length - mostShown} more`] : lines;
}

function question(args: CommandArguments, items: readonly TrustItem[]): string {
  const lines = itemLines(items).map((line) => `  ${line}\n`).join("");
  return `${
    args.operands[0]
  } brings code and programs of its own, which can do whatever you can:\n` +
    `${lines}Run them, now and later as long as they stay the same?`;
}

function notice(args: CommandArguments, items: readonly TrustItem[]): string {
  const [file] = args.operands;
  return `Note: ${file} runs ${count(items.length, "piece")} of code that nobody has trusted ` +
    `here; deno task tvp trust ${file} shows and trusts it, --require-trust refuses it`;
}

function untrusted(args: CommandArguments, items: readonly TrustItem[]): DiagnosticError {
  const [file] = args.operands;
  const message = `Cannot run ${file}: it brings code that is not trusted`;
  const notes = [...itemLines(items), `if you trust it, say so: deno task tvp trust ${file}`];
  return new DiagnosticError([{ code: "untrusted", severity: "error", message, notes }]);
}
