/** Starts processes. Nothing else does, and no process sees a secret of the runner. @module */
import { withoutSecrets } from "../trust/secrets.ts";

/** A running process whose three streams are pipes. */
export type Process = Deno.ChildProcess;

/**
 * Starts a program; what it prints is for logs, so it is asked not to colour it.
 *
 * @param environment Variables beside, or instead of, the runner's.
 */
export function startProcess(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Process {
  return new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: { ...withoutSecrets(Deno.env.toObject()), NO_COLOR: "1", ...environment },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** What a program that has ended leaves. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws {Deno.errors.NotFound} if there is none of this name. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<ProgramResult>;

/** Runs a program of the system. */
export const runProgram: RunProgram = async (program, args) => {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    // Slurm hands its callers' environment on to their jobs; its own token is for itself.
    env: withoutSecrets(Deno.env.toObject(), ["SLURM_JWT"]),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
};
