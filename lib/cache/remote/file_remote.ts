/** A remote in a folder. @module */
import { dirname, fromFileUrl, join } from "@std/path";
import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Remote } from "./remote.ts";
import { removeQuietly, temporaryName } from "../disk/replace_file.ts";

/**
 * A remote in a folder, such as a shared or a mounted one.
 *
 * @throws {DiagnosticError} `unknown-remote`, if the URL names another machine. On Windows it may.
 */
export function fileRemote(url: URL): Remote {
  if (url.host !== "" && Deno.build.os !== "windows") {
    throw diagnosticError(
      "unknown-remote",
      `Cannot open remote cache "${url.href}": "${url.host}" would be another machine`,
      [`A folder has three slashes and its whole path: file:///${url.host}${url.pathname}`],
    );
  }
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
