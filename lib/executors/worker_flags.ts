/** Makes Deno's permission flags for a job's process from what its stage type declares. @module */
import { fromFileUrl, join } from "@std/path";
import { isProjectCode } from "../pipeline/contract/project_code.ts";
import { ifThere } from "../cache/disk/system_error.ts";
import { leavesOf } from "../pipeline/contract/leaves.ts";
import type { Job } from "../pipeline/contract/job.ts";
import type { StagePermission } from "../pipeline/contract/stage.ts";

const project = fromFileUrl(new URL("../../", import.meta.url));

/**
 * Flags of a process that runs a job: it sees its environment, reads what the pipeline names, and
 * writes where the job's results go. All else is declared by the stage type.
 *
 * @param temporary Folder for temporary files, its own.
 */
export function workerFlags({ module, permissions, places }: Job, temporary: string): string[] {
  if (permissions.includes("all")) return ["-A"];
  const may = (one: StagePermission) => permissions.includes(one);
  const packages = packagesFolder();
  const own = [...places.write, temporary];
  // A hard link to a file of weights is made by who could write to it.
  const linked = may("ffi") && isProjectCode(module) ? places.models : [];
  const read = [project, packages, ...places.read, ...places.models, ...own].flat();
  return [
    "--allow-env",
    "--allow-sys",
    may("read") ? "--allow-read" : pathsFlag("--allow-read", read),
    may("write") ? "--allow-write" : pathsFlag("--allow-write", [...own, ...linked]),
    ...(may("net") ? ["--allow-net", "--allow-import"] : []),
    ...(may("run") ? ["--allow-run"] : []),
    ...(may("ffi") ? [pathsFlag("--allow-ffi", packages)] : []),
  ];
}

/** Flags of a process that loads a module which the user has trusted, to hear what it is. */
export function loadingFlags(): string[] {
  return ["--allow-env", "--allow-sys", "--allow-read", pathsFlag("--allow-ffi", packagesFolder())];
}

/**
 * What jobs have to share to run in one process, one after the other: what they may do, and the code
 * in it that is not the project's own.
 */
export function processKind({ module, parameters, permissions, places }: Job): string {
  const others = modulesIn([module, parameters]).filter((url) => !isProjectCode(url));
  return JSON.stringify([permissions, places, [...new Set(others)].sort()]);
}

/** URLs of modules in what a job is given. */
function modulesIn(given: unknown): string[] {
  return [...leavesOf(given)].map(({ value }) => value)
    .filter((value) => typeof value === "string" && value.startsWith("file:")) as string[];
}

/** `--allow-read=…`, of all where no path is known; what lies behind a link is reached by it alone. */
function pathsFlag(flag: string, paths: readonly string[]): string {
  const all = new Set(
    paths.flatMap((path) => [path, ifThere(() => Deno.realPathSync(path)) ?? path]),
  );
  if (all.size === 0) return flag;
  return `${flag}=${[...all].filter((path) => !path.includes(",")).join(",")}`;
}

/** Where Deno keeps packages, with their native code; nothing where that is not known. */
function packagesFolder(): string[] {
  const folder = Deno.env.get("DENO_DIR") ?? defaultFolder();
  const packages = folder && join(folder, "npm");
  return packages && ifThere(() => Deno.statSync(packages)) ? [packages] : [];
}

function defaultFolder(): string | undefined {
  const [variable, ...path] = cacheFolders[Deno.build.os] ?? cacheFolders.linux!;
  const caches = Deno.build.os === "linux" ? Deno.env.get("XDG_CACHE_HOME") : undefined;
  const root = caches ? [caches] : [Deno.env.get(variable!), ...path];
  return root[0] ? join(...root as string[], "deno") : undefined;
}

/** The variable with a user's folder, and the way from there to that of caches. */
const cacheFolders: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  linux: ["HOME", ".cache"],
  darwin: ["HOME", "Library", "Caches"],
  windows: ["LOCALAPPDATA"],
};
