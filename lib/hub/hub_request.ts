/**
 * Sends requests to a hub. It never reads more than was announced, because a hub may be any server.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { dirname } from "@std/path";
import { type DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { isConfidential, shownUrl } from "../trust/urls.ts";
import type { HubFile } from "./hub_listing.ts";
import { type HubModel, hubName } from "./hub_name.ts";

/** How a hub is asked. */
export interface HubAccess {
  /** Default https://huggingface.co. */
  readonly endpoint?: string;
  /** For models that are not public. */
  readonly token?: string;
  readonly signal?: AbortSignal;
  /** How long a hub may say nothing; default 15 s. */
  readonly silenceMs?: number;
}

const usualSilenceMs = 15_000;

/** 20 kB a second, after a first silence: a slower body is given up, or it could drip for ever. */
const slowestBytesPerMs = 20;

/** Most bytes of an answer, or of a file, whose size the hub did not announce. */
const maxUnannounced = 32 * 2 ** 20;

/** Why a hub refuses, and what to do next. */
interface Refusal {
  readonly cause: string;
  readonly notes?: readonly string[];
}

const onward = [
  "Check the network, or set HF_ENDPOINT to a hub that can be reached",
  "With HF_HUB_OFFLINE=1 no hub is asked: what is in the cache is used",
];

const later = { notes: ["Run again later: what was fetched is kept"] };
const byToken = { notes: ["Set HF_TOKEN to a token that may read it, if it is not public"] };

const refusals: Readonly<Record<number, Refusal>> = {
  401: { cause: "it does not exist or is not public", ...byToken },
  403: {
    cause: "you have no access to it",
    notes: ["Accept its conditions on its page, and set HF_TOKEN to a token that may read it"],
  },
  404: { cause: "it does not exist, or has no such revision" },
  429: { cause: "the hub answers 429, too many requests", ...later },
};

/** The same for a file that the hub has listed. */
const fileRefusals: Readonly<Record<number, Refusal>> = {
  ...refusals,
  401: { cause: "it is not public", ...byToken },
  404: { cause: "the hub lists it, but does not have it" },
};

function refusalOf(status: number, file: string | undefined): Refusal {
  const usual = { cause: `the hub answers ${status}`, ...(status >= 500 ? later : {}) };
  const refusal = (file === undefined ? refusals : fileRefusals)[status] ?? usual;
  return file === undefined ? refusal : { ...refusal, cause: `file "${file}": ${refusal.cause}` };
}

/** What went wrong with a model of a hub. */
export function hubFailure(
  repository: HubModel,
  cause: string,
  notes: readonly string[] = [],
): DiagnosticError {
  const what = repository.kind === "datasets" ? "data set" : "model";
  const message = `Cannot fetch ${what} "${hubName(repository)}": ${cause}`;
  return diagnosticError("hub-failed", message, notes);
}

/** A path of a URL from its parts, which may have any characters. */
const urlPath = (...parts: readonly string[]): string => parts.map(encodeURIComponent).join("/");

/** What the hub says of a model's revision. @throws {DiagnosticError} If it does not, or too much. */
export async function requestListing(model: HubModel, access: HubAccess): Promise<string> {
  const { kind = "models", owner, name, revision } = model;
  const path = urlPath("api", kind, owner, name, "revision", revision);
  const response = await request(model, `${path}?blobs=true`, access);
  const chunks: Uint8Array[] = [];
  for await (
    const chunk of bodyOf(model, response, {
      most: maxUnannounced,
      what: "its answer",
      silenceMs: access.silenceMs,
    })
  ) {
    chunks.push(chunk);
  }
  return await new Blob(chunks as BlobPart[]).text();
}

/** Where a file is written. */
export interface Download {
  readonly commit: string;
  readonly file: HubFile;
  /** Path of the file once it is complete. */
  readonly target: string;
  readonly onBytes: (count: number) => void;
}

/**
 * Downloads a file; one that was cut off is continued. Size and digest are checked, where the hub
 * told them.
 *
 * @throws {DiagnosticError} If it cannot be had, or is not what was announced.
 */
export async function downloadFile(
  model: HubModel,
  { commit, file, target, onBytes }: Download,
  access: HubAccess,
): Promise<void> {
  if (sizeOfFile(target) !== undefined) return;
  await Deno.mkdir(dirname(target), { recursive: true });
  const partial = `${target}.incomplete`;
  const from = sizeOfFile(partial) ?? 0;
  if (from === 0 || from !== file.size) {
    const { kind, owner, name } = model;
    const place = kind === "datasets" ? [kind] : []; // a model's files lie at the root
    const path = urlPath(...place, owner, name, "resolve", commit, ...file.name.split("/"));
    const response = await requestRest(model, path, access, { file: file.name, from });
    // A server that ignores the range sends the whole file again.
    await append(model, response, {
      file,
      partial,
      from: isPart(response, from) ? from : 0,
      silenceMs: access.silenceMs,
      onBytes,
    });
  }
  await checkFile(model, file, partial);
  await Deno.rename(partial, target);
}

/** Asks for a file from a byte on, and for all of it where it has no such byte. */
async function requestRest(
  model: HubModel,
  path: string,
  access: HubAccess,
  { file, from }: { readonly file: string; readonly from: number },
): Promise<Response> {
  if (from === 0) return await request(model, path, access, { file });
  const headers = { range: `bytes=${from}-` };
  const rest = await request(model, path, access, { file, headers, alsoStatus: beyondEnd });
  if (rest.status !== beyondEnd) return rest;
  await rest.body?.cancel();
  return await request(model, path, access, { file });
}

/** The status of an answer to a range that begins after the end. */
const beyondEnd = 416;

const isPart = (response: Response, from: number): boolean =>
  response.status === 206 &&
  (response.headers.get("content-range") ?? `bytes ${from}-`).startsWith(`bytes ${from}-`);

interface Append {
  readonly file: HubFile;
  readonly partial: string;
  readonly from: number;
  readonly silenceMs: number | undefined;
  readonly onBytes: (count: number) => void;
}

async function append(model: HubModel, response: Response, append: Append): Promise<void> {
  const { file, partial, from, silenceMs, onBytes } = append;
  using output = await Deno.open(partial, { write: true, create: true });
  await output.truncate(from);
  await output.seek(from, Deno.SeekMode.Start);
  const most = (file.size ?? maxUnannounced) - from;
  let done = from;
  for await (
    const chunk of bodyOf(model, response, { most, silenceMs, what: `file "${file.name}"` })
  ) {
    for (let written = 0; written < chunk.length;) {
      written += await output.write(chunk.subarray(written));
    }
    done += chunk.length;
    onBytes(done);
  }
}

/** The chunks of a body, which breaks off after `most` bytes. */
async function* bodyOf(
  model: HubModel,
  response: Response,
  { most, what, silenceMs }: {
    readonly most: number;
    readonly what: string;
    readonly silenceMs: number | undefined;
  },
): AsyncGenerator<Uint8Array> {
  let left = most;
  for await (const chunk of unbroken(model, response, { what, silenceMs })) {
    left -= chunk.length;
    // Leaving the loop cancels the rest.
    if (left < 0) throw hubFailure(model, `${what} has more than ${most} bytes`);
    yield chunk;
  }
}

/** The chunks of a body; a connection that breaks, or falls silent, is reported as the hub's failure. */
async function* unbroken(
  model: HubModel,
  { body }: Response,
  { what, silenceMs = usualSilenceMs }: {
    readonly what: string;
    readonly silenceMs: number | undefined;
  },
): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  const startMs = performance.now();
  let bytes = 0;
  try {
    for (;;) {
      const { value, done } = await within(reader.read(), silenceMs);
      if (done) return;
      bytes += value.length;
      if (performance.now() - startMs > silenceMs + bytes / slowestBytesPerMs) {
        throw hubFailure(model, `${what} comes too slowly`, later.notes);
      }
      yield value;
    }
  } catch (error) {
    if (error instanceof Silence) {
      const cause = `${what} broke off, nothing came for ${silenceMs / 1000} s`;
      throw hubFailure(model, cause, later.notes);
    }
    // A stream of `fetch` says so for anything that goes wrong on the way.
    if (!(error instanceof TypeError)) throw error;
    throw hubFailure(model, `${what} broke off, ${error.message}`);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** A hub said nothing for too long. */
class Silence extends Error {}

/** What a promise gives. @throws {Silence} If it gives nothing for so long. */
async function within<T>(promise: Promise<T>, silenceMs: number): Promise<T> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(new Silence()), silenceMs);
  try {
    return await abortable(promise, silent.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function checkFile(model: HubModel, file: HubFile, path: string): Promise<void> {
  const size = sizeOfFile(path) ?? 0;
  const wrongSize = file.size !== undefined && size !== file.size;
  const wrongDigest = !wrongSize && !await hasDigest(file, path, size);
  if (!wrongSize && !wrongDigest) return;
  // A file that is too short is continued next time, any other one is fetched again.
  if (wrongDigest || size > file.size!) await Deno.remove(path);
  const cause = wrongSize
    ? `it has ${size} bytes instead of ${file.size}`
    : "its content does not match the digest that the hub announced";
  throw hubFailure(model, `cannot use file "${file.name}": ${cause}`);
}

/** Whether a file's content is what the hub announced, where it did. */
async function hasDigest(file: HubFile, path: string, size: number): Promise<boolean> {
  if (file.sha256 !== undefined) return await digestOf(path, "sha256") === file.sha256;
  if (file.gitDigest === undefined) return true;
  return await digestOf(path, "sha1", `blob ${size}\0`) === file.gitDigest;
}

async function digestOf(path: string, algorithm: string, before = ""): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash(algorithm).update(before);
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 20);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    hash.update(buffer.subarray(0, read));
  }
  return hash.digest("hex");
}

async function request(
  model: HubModel,
  path: string,
  { endpoint = "https://huggingface.co", token, signal, silenceMs = usualSilenceMs }: HubAccess,
  { file, headers = {}, alsoStatus }: {
    readonly file?: string;
    readonly headers?: Record<string, string>;
    /** A status that is no failure here. */
    readonly alsoStatus?: number;
  } = {},
): Promise<Response> {
  const isSent = token !== undefined && URL.canParse(endpoint) && isConfidential(endpoint);
  const authorization: Record<string, string> = isSent ? { authorization: `Bearer ${token}` } : {};
  let response: Response;
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), silenceMs);
  try {
    response = await fetch(`${endpoint.replace(/\/$/, "")}/${path}`, {
      headers: { ...headers, ...authorization },
      signal: AbortSignal.any([silent.signal, ...(signal === undefined ? [] : [signal])]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (silent.signal.aborted) {
      throw hubFailure(model, `the hub does not answer within ${silenceMs / 1000} s`, later.notes);
    }
    const cause = error instanceof Error ? error.message : error;
    throw hubFailure(model, `the hub ${shownUrl(endpoint)} cannot be reached, ${cause}`, onward);
  } finally {
    clearTimeout(timer);
  }
  if (response.ok || response.status === alsoStatus) return response;
  await response.body?.cancel();
  const { cause, notes = [] } = refusalOf(response.status, file);
  throw hubFailure(model, cause, notes);
}

/** Bytes of a file, if it is there. */
export function sizeOfFile(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch {
    return undefined;
  }
}
