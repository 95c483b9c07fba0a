/** Tells when a process takes too much memory. @module */

/** How often it is looked at. */
const intervalMs = 50;

/**
 * Writes a text to the standard output once this process has more memory than it may. The engine's
 * own limit counts objects only, and no buffers; a thread of its own sees them, whatever the main
 * thread does.
 *
 * @returns The thread, which keeps the process alive until it is terminated.
 */
export function watchMemory(mostBytes: number, text: string): Worker {
  const program = `
    const timer = setInterval(() => {
      if (Deno.memoryUsage().rss <= ${mostBytes}) return;
      clearInterval(timer);
      Deno.stdout.writeSync(new TextEncoder().encode(${JSON.stringify(text)}));
    }, ${intervalMs});`;
  return new Worker(`data:text/javascript,${encodeURIComponent(program)}`, { type: "module" });
}
