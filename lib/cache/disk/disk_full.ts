/** Tells a full disk from other failures to write. @module */
import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";

/**
 * What the system says when a disk, a file size limit or a quota is reached: ENOSPC, EFBIG and
 * EDQUOT, by number as not every one of them has a code.
 */
const FULL = /\(os error (?:28|27|122)\)/;

/** Whether an error says that nothing more can be written. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && FULL.test(error.message);
}

/**
 * Runs something that writes, and says what could not be written if the disk is full.
 *
 * @param action What is being done, for the message: `store output "prompt"`.
 * @param place The path whose device is full.
 * @throws {DiagnosticError} `disk-full`; other errors as they are.
 */
export async function sayDiskFull<T>(
  action: string,
  place: string,
  write: () => T | Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new DiagnosticError([diskFull(action, place)]);
  }
}

function diskFull(action: string, place: string): Diagnostic {
  return {
    code: "disk-full",
    severity: "error",
    message: `Cannot ${action}: no space left on the device of "${place}"`,
    notes: ["What was stored before is intact; free space, for example with: tvp gc"],
  };
}
