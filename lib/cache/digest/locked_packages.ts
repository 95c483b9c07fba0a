/** The parts of a `deno.lock` (version 5) that say which code a package is. */
export interface Lockfile {
  /** `npm:zod@^4` → `4.6.7`. */
  readonly specifiers?: Readonly<Record<string, string>>;
  readonly npm?: Readonly<Record<string, LockedPackage>>;
  readonly jsr?: Readonly<Record<string, LockedPackage>>;
  /** URL → sha256 of the module. */
  readonly remote?: Readonly<Record<string, string>>;
}

/** One package of a lock file. Dependencies are names, or `name@version` where a name is ambiguous. */
export interface LockedPackage {
  readonly integrity?: string;
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

type Registry = "npm" | "jsr";

const SPECIFIER = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(?:@([^/]+))?/;

/**
 * One line a package that the specifiers reach, directly or through other packages, with the
 * integrity that the lock file records; sorted. What the lock file does not know is listed as it is written.
 */
export function lockedPackages(specifiers: readonly string[], lock: Lockfile): readonly string[] {
  const lines = new Map<string, string>();
  const queue = specifiers.map((specifier) => lockedName(specifier, lock));
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (lines.has(name)) continue;
    const integrity = packageOf(name, lock)?.integrity ?? lock.remote?.[name] ?? "";
    lines.set(name, `package ${name} ${integrity}\n`);
    queue.push(...dependenciesOf(name, lock));
  }
  return [...lines.values()].sort();
}

/** `npm:zod@^4/mini` → `npm:zod@4.6.7`. */
function lockedName(specifier: string, lock: Lockfile): string {
  const [, registry, name, range] = SPECIFIER.exec(specifier) ?? [];
  if (registry === undefined || name === undefined) return specifier;
  const wanted = `${registry}:${name}${range === undefined ? "" : `@${range}`}`;
  const version = lock.specifiers?.[wanted] ?? lock.specifiers?.[`${registry}:${name}@*`];
  return version === undefined ? wanted : `${registry}:${name}@${version}`;
}

function packageOf(name: string, lock: Lockfile): LockedPackage | undefined {
  const [registry, id] = split(name);
  return lock[registry]?.[id];
}

function split(name: string): [Registry, string] {
  const colon = name.indexOf(":");
  return [name.slice(0, colon) as Registry, name.slice(colon + 1)];
}

/** Packages that a package of the lock file needs, also those of other systems, by full name. */
export function dependenciesOf(name: string, lock: Lockfile): readonly string[] {
  const [registry] = split(name);
  const locked = packageOf(name, lock);
  const names = [...locked?.dependencies ?? [], ...locked?.optionalDependencies ?? []];
  return names.map((dependency) =>
    /^(?:npm|jsr):/.test(dependency)
      ? lockedName(dependency, lock)
      : `${registry}:${withVersion(dependency, registry, lock)}`
  );
}

/** A dependency is written without its version where the lock file has one version only. */
function withVersion(dependency: string, registry: Registry, lock: Lockfile): string {
  if (dependency.lastIndexOf("@") > 0) return dependency;
  return versionsOf(registry, lock).get(dependency) ?? dependency;
}

const indexes = new WeakMap<object, Map<string, string>>();

/** `zod` → `zod@4.6.7` for all packages of a registry. */
function versionsOf(registry: Registry, lock: Lockfile): ReadonlyMap<string, string> {
  const packages = lock[registry] ?? {};
  const known = indexes.get(packages);
  if (known !== undefined) return known;
  const made = new Map(Object.keys(packages).map((id) => [id.slice(0, id.lastIndexOf("@")), id]));
  indexes.set(packages, made);
  return made;
}
