/** Says which devices of this machine ONNX Runtime can use, and what the others lack. @module */
import { versionOf } from "./library_versions.ts";
import {
  type Device,
  devices,
  explainMissing,
  firstMissing,
  type Requirement,
} from "./provider.ts";
import {
  bindingDirectory,
  deviceRequirements,
  obstacleOn,
  resolveProvider,
  runtimeVersion,
} from "./session.ts";

/** A requirement, and the version that it says it has. */
export type FoundRequirement = Requirement & { readonly version?: string };

/** What was found for one device. */
export interface DeviceReport {
  readonly device: Device;
  readonly works: boolean;
  /** Why it does not work. */
  readonly cause?: string;
  readonly requirements: readonly FoundRequirement[];
  /** What to do, in the order in which it helps. */
  readonly advice: readonly string[];
}

/** What was found on this machine. */
export interface DoctorReport {
  readonly os: string;
  readonly arch: string;
  readonly processors: number;
  readonly deno: string;
  readonly binding: string;
  readonly onnxruntime: string;
  /** The device that `auto` takes. */
  readonly automatic: Device;
  readonly devices: readonly DeviceReport[];
}

/** Tries every device with a tiny model and lists what each of them needs. */
export async function examineMachine(): Promise<DoctorReport> {
  const reports: DeviceReport[] = [];
  for (const device of Object.keys(devices) as Device[]) reports.push(await examineDevice(device));
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    processors: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    binding: bindingDirectory(),
    onnxruntime: await runtimeVersion(),
    automatic: await resolveProvider("auto"),
    devices: reports,
  };
}

async function examineDevice(device: Device): Promise<DeviceReport> {
  const needed = deviceRequirements(device);
  const isComplete = firstMissing(needed) === undefined;
  // Native code prints on its own what it misses: a device that cannot work is not tried.
  const cause = isComplete ? await obstacleOn(device) : undefined;
  const requirements = needed.map((requirement): FoundRequirement => {
    const version = requirement.found ? versionOf(requirement.name) : undefined;
    return { ...requirement, ...(version === undefined ? {} : { version }) };
  });
  const missing = requirements.filter(({ found }) => !found);
  const advice = [...new Set(missing.flatMap(({ bring }) => bring ?? []))];
  if (isComplete && cause === undefined) return { device, works: true, requirements, advice };
  const { message } = explainMissing(device, cause, requirements);
  return { device, works: false, cause: message, requirements, advice };
}

/** The report as lines of text. */
export function printDoctorReport(report: DoctorReport): string {
  const head = [
    `Deno ${report.deno} on ${report.os} ${report.arch}, ${report.processors} processors`,
    `ONNX Runtime ${report.onnxruntime}, its binding: ${report.binding}`,
    `--provider auto takes: ${report.automatic}`,
  ];
  return [...head, ...report.devices.flatMap(printDevice)].join("\n") + "\n";
}

function printDevice(report: DeviceReport): readonly string[] {
  const lines = [`${report.device}: ${report.works ? "works" : "does not work"}`];
  if (report.cause !== undefined) lines.push(`  ${report.cause}`);
  for (const { name, what, found, later, version } of report.requirements) {
    const use = later === undefined ? what : `${what}, for ${later}`;
    lines.push(`  ${found ? "found    " : "not found"}  ${name}  (${version ?? use})`);
  }
  return [...lines, ...report.advice.map((line) => `  to do: ${line}`)];
}
