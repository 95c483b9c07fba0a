/**
 * Ctrl-C, or the terminal that goes away: the first one saves the states and ends the run, the second
 * one ends it at once.
 *
 * @module
 */
import { exitCodes } from "./command.ts";
import { printNotice } from "./print.ts";

/**
 * Signals that follow one another this fast are one key press: a terminal sends it to the whole
 * process group, and `deno task` passes on to its child what the child has already got.
 */
const ECHO_MS = 500;

/** A signal that SIGINT, SIGTERM and SIGHUP abort, while it is in use. */
export function interruptSignal(mayPrint: () => boolean): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  let firstMs = Infinity;
  const onSignal = () => {
    const nowMs = performance.now();
    if (nowMs - firstMs >= ECHO_MS) Deno.exit(exitCodes.interrupted);
    if (controller.signal.aborted) return;
    firstMs = nowMs;
    if (mayPrint()) printNotice("\nSaving state … (again to stop at once)");
    controller.abort(new DOMException("The run was interrupted", "AbortError"));
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", ...hangUp()];
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
    },
  };
}

/** With `nohup` a run outlives its terminal; then its output goes elsewhere. */
function hangUp(): readonly Deno.Signal[] {
  return Deno.stdout.isTerminal() ? ["SIGHUP"] : [];
}
