/** A remote in a folder. @module */
import { dirname, fromFileUrl, join } from "@std/path";
import type { Remote } from "./remote.ts";
import { removeQuietly, temporaryName } from "../disk/replace_file.ts";

/** A remote in a folder, such as a shared or a mounted one. */
export function fileRemote(url: URL): Remote {
  const root = fromFileUrl(url);
  return {
    url: url.href,
    open: (name, { from = 0 }) =>
      ifThere(async () => {
        const file = await Deno.open(join(root, name));
        await file.seek(from, Deno.SeekMode.Start);
        return { body: file.readable, from };
      }),
    stat: (name) =>
      ifThere(async () => {
        const { isFile, size } = await Deno.stat(join(root, name));
        return isFile ? { bytes: size } : undefined;
      }),
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

async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
