/**
 * Asks whether code that is not this project's own may run: a flag, a terminal, or an earlier
 * answer says so.
 *
 * @module
 */
import { pipelineCommand } from "../workspace/start_command.ts";
import { type CommandArguments, hasFlag } from "./command.ts";
import { pipelineOf } from "./pipeline_arguments.ts";
import { count, printNotice } from "./print.ts";
import type { PipelineFile } from "../workspace/open_pipeline.ts";
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
  if (hasFlag(args, "require-trust")) throw untrusted(pipelineOf(args), unknown);
  if (!isAskable(args)) return printNotice(trustNotice(pipelineOf(args), unknown));
  if (!confirm(trustQuestion(pipelineOf(args), unknown))) {
    throw untrusted(pipelineOf(args), unknown);
  }
  remember();
}

function isAskable(args: CommandArguments): boolean {
  return !hasFlag(args, "json") && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

/** Asks about code, with what each kind of it may do. */
export function trustQuestion(
  { file }: Pick<PipelineFile, "file">,
  items: readonly TrustItem[],
): string {
  const lines = itemLines(items).map((line) => `  ${line}\n`).join("");
  return `${file} brings code and programs of its own. A program can do all that you can` +
    `${stageRule(items)}:\n${lines}Run them, now and later while they stay the same?`;
}

/** What the listed stage types may do. */
function stageRule(items: readonly TrustItem[]): string {
  const declared = items.flatMap(({ permissions = [] }) => permissions);
  if (declared.length > 0) return "; a stage type can do only what it declares, in brackets";
  if (items.every(({ permissions }) => permissions === undefined)) return "";
  return "; these stage types can only read their inputs and write their outputs";
}

/** Says of code that nobody could be asked about that it runs. */
export function trustNotice(
  file: Pick<PipelineFile, "file" | "set">,
  items: readonly TrustItem[],
): string {
  const is = items.length === 1 ? "is" : "are";
  return `Note: ${file.file} runs ${count(items.length, "piece")} of code that ${is} not trusted ` +
    `here; ${pipelineCommand("trust", file)} shows and trusts what it brings; ` +
    "--require-trust refuses it";
}
