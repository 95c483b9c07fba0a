/** Sends large blobs to S3 in parts. If a part fails, only that part is sent again. @module */
import { abortable } from "@std/async/abortable";
import type { RemoteBody, WriteOptions } from "./remote.ts";
import { bodyBytes } from "./remote.ts";
import { failureOf, RemoteFailure, retrying } from "./retry.ts";
import { codeIn, valueIn } from "./s3_error.ts";
import type { S3Request, S3Send } from "./s3_request.ts";
import { uploadMs } from "./transfer.ts";

/** Blobs up to this size are sent in one request. S3 wants parts of at least 5 MiB. */
export const PART_BYTES = 8 << 20;

/** Most parts that S3 takes. */
const MOST_PARTS = 10_000;

/** Parts in memory and on their way at once. */
const PARTS_AT_ONCE = 3;

interface Upload extends WriteOptions {
  readonly send: S3Send;
  readonly name: string;
  readonly id: string;
}

/**
 * Writes a blob in parts. Nothing is left on the server if it fails, as far as it can be reached.
 *
 * @throws {RemoteFailure} If the server refuses the upload or a part of it.
 */
export async function writeParts(
  send: S3Send,
  name: string,
  options: WriteOptions & { readonly body: RemoteBody },
): Promise<void> {
  const begin = { method: "POST", name, query: "uploads" } as const;
  const id = valueIn(await textOf(send, begin, options), "UploadId");
  if (id === undefined) throw new RemoteFailure(`the server began no upload of ${name}`);
  const upload = { ...options, send, name, id: decodeEntities(id) };
  try {
    await complete(upload, await sendParts(upload, options.body));
  } catch (error) {
    await abort(upload);
    // Each request was tried often enough.
    throw new RemoteFailure(failureOf(error).message, { cause: error });
  }
}

/**
 * Sends all parts, some at once; gives their tags in order. Where one fails, no more are begun, and
 * those on their way come to their end first: the server keeps what comes after an abort.
 */
async function sendParts(upload: Upload, body: RemoteBody): Promise<readonly string[]> {
  const bytes = bodyBytes(body);
  const partBytes = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS));
  const tags: string[] = new Array(Math.ceil(bytes / partBytes)).fill("");
  const numbers = tags.keys();
  const failed = new AbortController();
  const work = async () => {
    for (const number of numbers) {
      if (failed.signal.aborted) return;
      const part = readPart(body, number * partBytes, Math.min(bytes, (number + 1) * partBytes));
      tags[number] = await sendPart(upload, number + 1, part);
    }
  };
  const lanes = Array.from({ length: PARTS_AT_ONCE }, work);
  await Promise.all(lanes.map((lane) => lane.catch((error) => failed.abort(error))));
  failed.signal.throwIfAborted();
  return tags;
}

function readPart(body: RemoteBody, from: number, to: number): Uint8Array<ArrayBuffer> {
  if (typeof body !== "string") return body.subarray(from, to);
  using file = Deno.openSync(body);
  file.seekSync(from, Deno.SeekMode.Start);
  const part = new Uint8Array(to - from);
  for (let at = 0; at < part.length;) {
    const read = file.readSync(part.subarray(at));
    if (read === null) throw new RangeError(`Cannot read "${body}": it became shorter`);
    at += read;
  }
  return part;
}

async function sendPart(
  upload: Upload,
  number: number,
  body: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const query = `partNumber=${number}&uploadId=${encodeURIComponent(upload.id)}`;
  const tag = await answer(
    upload,
    { method: "PUT", name: upload.name, query, body },
    (response) =>
      response.body?.cancel().then(() => response.headers.get("etag")) ??
        Promise.resolve(response.headers.get("etag")),
  );
  if (tag === null) throw new RemoteFailure(`the server gave no tag for a part of ${upload.name}`);
  return tag;
}

async function complete(upload: Upload, tags: readonly string[]): Promise<void> {
  const parts = tags.map((tag, i) =>
    `<Part><PartNumber>${i + 1}</PartNumber><ETag>${encodeEntities(tag)}</ETag></Part>`
  );
  const xml = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  const { send, name, id } = upload;
  const query = `uploadId=${encodeURIComponent(id)}`;
  const body = new TextEncoder().encode(xml);
  const text = await textOf(send, { method: "POST", name, query, body }, upload);
  // The server may find out that it cannot after it has said 200.
  const code = codeIn(text);
  if (code !== undefined) throw new RemoteFailure(`the server answered ${code} for ${name}`);
}

async function abort({ send, name, id }: Upload): Promise<void> {
  const query = `uploadId=${encodeURIComponent(id)}`;
  try {
    const signal = AbortSignal.timeout(5000);
    await (await send({ method: "DELETE", name, query, signal })).body?.cancel();
  } catch {
    // The bucket's rules remove what is left.
  }
}

function textOf(
  send: S3Send,
  request: Omit<S3Request, "signal">,
  options: WriteOptions,
): Promise<string> {
  return answer({ ...options, send }, request, (response) => response.text());
}

/** Sends one request of several, and again where that may help. */
function answer<T>(
  { send, signal, patienceMs }: WriteOptions & { readonly send: S3Send },
  request: Omit<S3Request, "signal">,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const wholeMs = uploadMs(request.body?.length ?? 0, patienceMs);
  const attempt = async () => {
    const own = AbortSignal.any([signal, AbortSignal.timeout(wholeMs)]);
    try {
      return await abortable(send({ ...request, signal: own }).then(read), own);
    } catch (error) {
      throw failureOf(error);
    }
  };
  return retrying(attempt, { patienceMs: wholeMs * 2, signal });
}

function encodeEntities(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function decodeEntities(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
