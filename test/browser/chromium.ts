/** Finds Chromium, or fetches one, and opens a page in it. @module */
import { join } from "@std/path";
import { brotliDecompressSync } from "node:zlib";
import { readTar } from "../../lib/drawing/tarball.ts";
import { openChromiumPackage } from "./packages.ts";

/** A program and the folder of libraries it needs, if any. */
export interface Chromium {
  readonly program: string;
  readonly libraries?: string;
}

const names = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome-headless-shell",
];

/**
 * The browser of `CHROME_PATH`, or one in `PATH`, or the pinned one from npm.
 *
 * @throws {DiagnosticError} If it has to be fetched and cannot be.
 * @throws {RangeError} If none is installed and none is published for this system.
 */
export async function findChromium(): Promise<Chromium> {
  const named = Deno.env.get("CHROME_PATH");
  if (named) return { program: named };
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const program = names.map((name) => join(folder, name)).find(isFile);
    if (program !== undefined) return { program };
  }
  const { os, arch } = Deno.build;
  if (os !== "linux" || arch !== "x86_64") {
    throw new RangeError(
      `Cannot fetch a browser for ${os} on ${arch}: only Linux on x86_64 has one, set CHROME_PATH`,
    );
  }
  return await unpackChromium(await openChromiumPackage());
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Unpacks beside the final name and renames, so that a folder that exists is complete. */
async function unpackChromium(folder: string): Promise<Chromium> {
  const unpacked = join(folder, "unpacked");
  const found = { program: join(unpacked, "chromium"), libraries: unpacked };
  if (isFile(found.program)) return found;
  const read = async (name: string) =>
    new Uint8Array(brotliDecompressSync(await Deno.readFile(join(folder, "bin", name))));
  const part = await Deno.makeTempDir({ dir: folder, prefix: "part-" });
  const write = (name: string, bytes: Uint8Array) =>
    Deno.writeFile(join(part, name), bytes, { mode: 0o755 });
  await write("chromium", await read("chromium.br"));
  for (const [name, bytes] of readTar(await read("al2023.tar.br"))) await write(name, bytes);
  await Deno.rename(part, unpacked);
  return found;
}

/** Opens a page; the browser ends when the object is disposed of. */
export async function openPage({ program, libraries }: Chromium, url: string) {
  const profile = await Deno.makeTempDir({ prefix: "browser-" });
  const browser = new Deno.Command(program, {
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      // Without it the headless shell prints the page and ends.
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      url,
    ],
    env: libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = browser.stderr.text();
  const ended = browser.status.then(async ({ code }) => {
    throw new RangeError(`Cannot keep "${program}" open: it ended with ${code}: ${await log}`);
  });
  ended.catch(() => {});
  return {
    /** Rejects if the browser ends by itself. */
    ended,
    async [Symbol.asyncDispose]() {
      browser.kill("SIGTERM");
      await browser.status;
      await log;
      await Deno.remove(profile, { recursive: true });
    },
  };
}
