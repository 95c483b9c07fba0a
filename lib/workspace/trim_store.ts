/** Keeps the store below a size, after each run. @module */
import { loadLater } from "./load_later.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Key } from "../pipeline/contract/key.ts";

/**
 * Removes tasks so that the store holds no more than it should: the last used ones that fit stay, and
 * those of the run that has just ended. A store that another run uses is left to that run, one that may only be
 * read as it is.
 *
 * @returns What there is to say of it, if anything.
 */
export async function trimStore(
  folder: string,
  { limitBytes, keep }: { readonly limitBytes: number; readonly keep: ReadonlySet<Key> },
): Promise<Diagnostic | undefined> {
  const { collectGarbage } = await loadLater<typeof import("../cache/local/gc.ts")>(
    new URL("../cache/local/gc.ts", import.meta.url),
  );
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
