/** The one place that starts processes. @module */

/** A running process whose three streams are pipes. */
export type Process = Deno.ChildProcess;

/** Starts a program; what it prints is for logs, so it is asked not to colour it. */
export function startProcess(program: string, args: readonly string[]): Process {
  return new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
