import { dirname, fromFileUrl, join } from "@std/path";
import type { Remote } from "./remote.ts";
import { removeQuietly, temporaryName } from "./replace_file.ts";

/** A remote in a folder, such as a shared or a mounted one. */
export function fileRemote(url: URL): Remote {
  const root = fromFileUrl(url);
  return {
    url: url.href,
    async open(name) {
      try {
        return (await Deno.open(join(root, name))).readable;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    async has(name) {
      try {
        return (await Deno.stat(join(root, name))).isFile;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    },
    async write(name, body) {
      const path = join(root, name);
      const temporary = `${path}.${temporaryName()}.tmp`;
      await Deno.mkdir(dirname(path), { recursive: true });
      try {
        if (typeof body === "string") await Deno.copyFile(body, temporary);
        else await Deno.writeFile(temporary, body);
        await Deno.rename(temporary, path);
      } catch (error) {
        removeQuietly(temporary);
        throw error;
      }
    },
  };
}
