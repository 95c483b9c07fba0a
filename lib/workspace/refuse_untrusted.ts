/** Refuses code that a pipeline file brings and nobody has trusted. @module */
import type { PipelineFile } from "./open_pipeline.ts";
import { pipelineCommand } from "./start_command.ts";
import { type DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import type { TrustItem } from "./trust_items.ts";
import { readTrusted } from "./trusted.ts";

/** A file, and the values that were set, on which the digests of its programs depend. */
type NamedFile = Pick<PipelineFile, "file" | "set">;

/** Most items that are shown. */
const maxShown = 12;

/** Lines that say what would run. */
export function itemLines(items: readonly TrustItem[]): string[] {
  const lines = items.slice(0, maxShown).map(({ what }) => what);
  return items.length > maxShown ? [...lines, `and ${items.length - maxShown} more`] : lines;
}

/** What nobody has trusted. */
export function untrustedOf(items: readonly TrustItem[]): TrustItem[] {
  const trusted = readTrusted();
  return items.filter(({ digest }) => !trusted.has(digest));
}

/** Ends where something of a file is not trusted. @throws {DiagnosticError} `untrusted` */
export function refuseUntrusted(file: NamedFile, items: readonly TrustItem[]): void {
  const unknown = untrustedOf(items);
  if (unknown.length > 0) throw untrusted(file, unknown);
}

/** What there is to say of code that may not run. */
export function untrusted(file: NamedFile, items: readonly TrustItem[]): DiagnosticError {
  const message = `Cannot run ${file.file}: it brings code that is not trusted`;
  const notes = [...itemLines(items), `if you trust it, say so: ${pipelineCommand("trust", file)}`];
  return diagnosticError("untrusted", message, notes);
}
