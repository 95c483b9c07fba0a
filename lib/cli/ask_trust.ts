/**
 * Asks whether code that is not this project's own may run: a flag, a terminal, or an earlier
 * answer says so.
 *
 * @module
 */
import { startCommand } from "../workspace/start_command.ts";
import { type CommandArguments, hasFlag } from "./command.ts";
import { count, printNotice } from "./print.ts";
import type { TrustItem } from "../workspace/trust_items.ts";
import { itemLines, untrusted, untrustedOf } from "../workspace/refuse_untrusted.ts";
import { addTrusted } from "../workspace/trusted.ts";

/**
 * Asks on a terminal before code and programs of a pipeline run for the first time. Where nobody can
 * be asked, they run and a note says so, unless `--require-trust` is given.
 *
 * @throws {DiagnosticError} `untrusted`, if they may not run.
 */
export function askTrust(args: CommandArguments, items: readonly TrustItem[]): void {
  const unknown = untrustedOf(items);
  if (unknown.length === 0) return;
  const remember = () => void addTrusted(unknown.map(({ digest }) => digest));
  if (hasFlag(args, "trust")) return remember();
  if (hasFlag(args, "require-trust")) throw untrusted(args.operands[0]!, unknown);
  if (!isAskable(args)) return printNotice(notice(args, unknown));
  if (!confirm(question(args, unknown))) throw untrusted(args.operands[0]!, unknown);
  remember();
}

function isAskable(args: CommandArguments): boolean {
  return !hasFlag(args, "json") && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

function question(args: CommandArguments, items: readonly TrustItem[]): string {
  const lines = itemLines(items).map((line) => `  ${line}\n`).join("");
  const [file] = args.operands;
  return `${file} brings code and programs of its own. A program can do all that you can; a stage ` +
    "type can do only what it declares, in brackets:\n" +
    `${lines}Run them, now and later while they stay the same?`;
}

function notice(args: CommandArguments, items: readonly TrustItem[]): string {
  const [file] = args.operands;
  return `Note: ${file} runs ${count(items.length, "piece")} of code that is not trusted ` +
    `here; ${startCommand("trust", file!)} shows it and trusts it; --require-trust refuses it`;
}
