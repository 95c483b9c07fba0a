/** Copies of model directories. @module */
import { join } from "@std/path";

/**
 * Copies a folder with everything in it. Files are copied, not linked, because what the copy becomes
 * part of may set its files read-only or replace them.
 *
 * @param without A path in it that is left out.
 */
export async function copyTree(from: string, to: string, without?: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (source === without) continue;
    const { isDirectory } = await Deno.stat(source);
    if (isDirectory) await copyTree(source, target, without);
    else await Deno.copyFile(source, target);
  }
}
