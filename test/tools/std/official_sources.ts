/** The official sources of the standard library: a checkout, or JSR with the hashes that it publishes. @module */
import { hash } from "node:crypto";

/** Where official sources are read. */
export interface OfficialSources {
  /** The text of `path/posix/join.ts`; `undefined` if there is no such file. */
  read(path: string): Promise<string | undefined>;
}

/** A checkout of github.com/denoland/std. */
export function checkout(folder: string): OfficialSources {
  return {
    async read(path) {
      try {
        return await Deno.readTextFile(`${folder}/${path}`);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
  };
}

interface VersionMeta {
  readonly manifest: Readonly<Record<string, { readonly checksum: string }>>;
}

/**
 * JSR, which names the sha256 of each file of a version.
 *
 * @param versions By package: which version is meant.
 */
export function jsr(url: string, versions: Readonly<Record<string, string>>): OfficialSources {
  const metas = new Map<string, Promise<VersionMeta>>();
  return {
    async read(path) {
      const slash = path.indexOf("/");
      const [name, file] = [path.slice(0, slash), path.slice(slash)];
      const base = `${url}/@std/${name}/${versions[name]}`;
      if (!metas.has(name)) metas.set(name, get(`${base}_meta.json`).then(JSON.parse));
      const { manifest } = await metas.get(name)!;
      if (!Object.hasOwn(manifest, file)) return undefined;
      const text = await get(`${base}${file}`);
      if (manifest[file]!.checksum === `sha256-${hash("sha256", text)}`) return text;
      throw new TypeError(`${base}${file} does not have the checksum that JSR names`);
    },
  };
}

async function get(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new TypeError(`${url} answered ${response.status}`);
  return await response.text();
}
