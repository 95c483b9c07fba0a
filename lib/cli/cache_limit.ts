/** Keeps the store below a size, run by run. @module */
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Key } from "../pipeline/contract/key.ts";
import { type CommandArguments, textOption } from "./command.ts";
import { sizeOf } from "./quantity.ts";

/** Most bytes that the store is to hold after a run: `--cache-limit` or TVP_CACHE_LIMIT. */
export function cacheLimitOf(args: CommandArguments): number | undefined {
  const given = textOption(args, "cache-limit");
  if (given !== undefined) return sizeOf(given, "--cache-limit");
  return sizeOf(Deno.env.get("TVP_CACHE_LIMIT") || undefined, "TVP_CACHE_LIMIT");
}

/**
 * Removes the longest unused tasks until the store holds no more than it should; those of the run
 * that has just ended stay. A store that another run uses is left to that run, one that may only be
 * read as it is.
 *
 * @returns What there is to say of it, if anything.
 */
export async function trimStore(
  folder: string,
  { limitBytes, keep }: { readonly limitBytes: number; readonly keep: ReadonlySet<Key> },
): Promise<Diagnostic | undefined> {
  const { collectGarbage } = await import("../cache/local/gc.ts");
  const { format } = await import("@std/fmt/bytes");
  try {
    const { keptBytes } = collectGarbage(folder, { maxBytes: limitBytes, keep });
    return keptBytes > limitBytes ? tooLarge(format(keptBytes), format(limitBytes)) : undefined;
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

function tooLarge(kept: string, limit: string): Diagnostic {
  const message = `Cannot keep the cache below ${limit}: this run alone uses ${kept} of it`;
  return { code: "cache-limit", severity: "warning", message };
}
