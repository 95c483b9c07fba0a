/** Reads the arguments that name a pipeline: its file, its store, and its remote cache. @module */
import { type Diagnostic, diagnosticError } from "../diagnostic/diagnostic.ts";
import type { PipelineFile } from "../workspace/open_pipeline.ts";
import { defaultCacheFolder } from "../workspace/places.ts";
import type { PreviewOptions } from "../workspace/open_preview.ts";
import { type CommandArguments, textOption } from "./command.ts";
import { keyProvider } from "./device.ts";
import { warningText } from "./event_text.ts";
import { giveUpAfterOpening } from "./permissions.ts";
import { printNotice } from "./print.ts";
import { sizeOf } from "./quantity.ts";

/** The pipeline that the arguments name. */
export function pipelineOf(args: CommandArguments): PipelineFile {
  return {
    file: args.operands[0]!,
    set: args.options.get("set") ?? [],
    cache: cacheFolderOf(args),
    remote: remoteOf(args),
  };
}

/** How commands that look at a pipeline open it. */
export async function previewOptions(
  args: CommandArguments,
  targets: readonly string[] = [],
): Promise<PreviewOptions> {
  const force = args.options.get("force") ?? [];
  const onWarning = (warning: Diagnostic) => printNotice(warningText(warning));
  const onOpen = giveUpAfterOpening;
  return { targets, force, provider: await keyProvider(args), onWarning, onOpen };
}

/** Folder of the store. */
export function cacheFolderOf(args: CommandArguments): string {
  return textOption(args, "cache") ?? defaultCacheFolder;
}

/** The remote that the arguments or the environment name. */
export function remoteOf(args: CommandArguments): string | undefined {
  return textOption(args, "remote") ?? (Deno.env.get("TVP_CACHE_REMOTE") || undefined);
}

/** The same, for commands about a single pipeline. @throws {DiagnosticError} if there is none. */
export function requiredRemote(args: CommandArguments, action: string): string {
  const remote = remoteOf(args);
  if (remote !== undefined) return remote;
  const message = `Cannot ${action}: expected --remote URL or TVP_CACHE_REMOTE`;
  throw diagnosticError("usage", message);
}

/** Most bytes that the store is to hold after a run: `--cache-limit` or TVP_CACHE_LIMIT. */
export function cacheLimitOf(args: CommandArguments): number | undefined {
  const given = textOption(args, "cache-limit");
  if (given !== undefined) return sizeOf(given, "--cache-limit");
  return sizeOf(Deno.env.get("TVP_CACHE_LIMIT") || undefined, "TVP_CACHE_LIMIT");
}
