/** What a benchmark ran on. @module */
import { cpus } from "node:os";

/** Facts that times depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Processes that wanted to run in the last minute, before the benchmark began. */
  readonly load: number;
  readonly system: string;
  readonly deno: string;
}

/** Looks at the machine. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || "unknown CPU",
    cores: navigator.hardwareConcurrency,
    memoryGiB: Math.round(Deno.systemMemoryInfo().total / 1024 ** 3),
    load: Math.round(Deno.loadavg()[0]! * 10) / 10,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    deno: Deno.version.deno,
  };
}

/** The machine in one line. */
export function machineLine(machine: Machine): string {
  const busy = machine.load > machine.cores / 2 ? ": it was busy, times are noisy" : "";
  return `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, ` +
    `Deno ${machine.deno}, load ${machine.load}${busy}`;
}
