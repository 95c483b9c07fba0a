/** Ctrl-C: the first asks for an end with saved states, the second ends at once. @module */
import { exitCodes } from "./command.ts";

/** A signal that SIGINT and SIGTERM abort, while it is in use. */
export function interruptSignal(mayPrint: () => boolean): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) Deno.exit(exitCodes.interrupted);
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
