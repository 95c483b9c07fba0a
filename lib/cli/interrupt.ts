/**
 * Ctrl-C: the first one saves the states and ends the run, the second one ends it at once.
 *
 * @module
 */
import { exitCodes } from "./command.ts";

/**
 * Signals that follow one another this fast are one key press: a terminal sends it to the whole
 * process group, and `deno task` passes on to its child what the child has already got.
 */
const ECHO_MS = 500;

/** A signal that SIGINT and SIGTERM abort, while it is in use. */
export function interruptSignal(mayPrint: () => boolean): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  let firstMs = Infinity;
  const onSignal = () => {
    const nowMs = performance.now();
    if (nowMs - firstMs >= ECHO_MS) Deno.exit(exitCodes.interrupted);
    if (controller.signal.aborted) return;
    firstMs = nowMs;
    if (mayPrint()) console.error("\nSaving state … (again to stop at once)");
    controller.abort(new DOMException("The run was interrupted", "AbortError"));
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
    },
  };
}
