/** Models of the Hugging Face hub: downloaded once, then kept. @module */
import { dirname, join } from "@std/path";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { isConfidential } from "../trust/urls.ts";
import { weightSuffixes, type WeightType } from "./directory.ts";

/** A model on a hub, as `hf://owner/name[@revision]` names it. */
export interface HubModel {
  readonly owner: string;
  readonly name: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

/** Where models come from and where they are kept. */
export interface HubOptions {
  /** Folder of downloaded models. */
  readonly cache: string;
  /** Default https://huggingface.co. */
  readonly endpoint?: string;
  /** For models that are not public. */
  readonly token?: string;
  /** Which ONNX files to fetch; default the ones without a suffix. */
  readonly weights?: WeightType;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number, file: string) => void;
}

/** A downloaded model. */
export interface HubDirectory {
  readonly path: string;
  /** The commit that the revision stood for. */
  readonly commit: string;
}

/** A file of a commit. */
interface HubFile {
  readonly rfilename: string;
  readonly size?: number;
  readonly lfs?: { readonly sha256?: string };
}

/**
 * Takes apart `hf://owner/name[@revision]`.
 *
 * @returns Undefined for anything else.
 */
export function parseHubName(text: string): HubModel | undefined {
  const match = /^hf:\/\/([\w.-]+)\/([\w.-]+)(?:@([\w./-]+))?$/.exec(text);
  if (match === null) return undefined;
  return { owner: match[1]!, name: match[2]!, revision: match[3] ?? "main" };
}

/**
 * Downloads the files of a model that are needed to run it. A file that was cut off is continued;
 * sizes and, where the hub tells them, digests are checked. A commit that is complete in the cache
 * is used without asking the hub.
 *
 * @throws {DiagnosticError} If the model, the revision or the network is not there.
 */
export async function fetchHubModel(model: HubModel, options: HubOptions): Promise<HubDirectory> {
  const kept = completeCommit(model, options);
  if (kept !== undefined) return kept;
  const { sha, siblings } = await listFiles(model, options);
  const path = commitPath(model, sha, options);
  const wanted = siblings.filter((file) => isNeeded(file.rfilename, options.weights ?? "fp32"));
  const total = wanted.reduce((sum, file) => sum + (file.size ?? 0), 0);
  let done = 0;
  for (const file of wanted) {
    const base = done;
    const bytes = await fetchFile(model, { sha, file, path }, options, (count) => {
      options.onProgress?.(base + count, total, file.rfilename);
    });
    done += bytes;
  }
  await Deno.writeTextFile(join(path, markOf(options)), "");
  return { path, commit: sha };
}

/** Marks a commit of which every file for a type of weights is there. */
const markOf = ({ weights }: HubOptions) => `.complete-${weights ?? "fp32"}`;

function commitPath({ owner, name }: HubModel, commit: string, { cache }: HubOptions): string {
  return join(cache, `${owner}--${name}`, commit);
}

function completeCommit(model: HubModel, options: HubOptions): HubDirectory | undefined {
  if (!/^[0-9a-f]{40}$/.test(model.revision)) return undefined;
  const path = commitPath(model, model.revision, options);
  return sizeOfFile(join(path, markOf(options))) === undefined
    ? undefined
    : { path, commit: model.revision };
}

/** Configurations, tokenizers and templates, and the graphs with the weights asked for. */
function isNeeded(file: string, weights: WeightType): boolean {
  if (file.split("/").some((part) => part === ".." || part === "")) return false;
  if (/^(qformer_tokenizer\/)?[^/]+\.(json|jinja)$/.test(file)) return true;
  const stem = /^onnx\/(.+)\.onnx(_data.*|\.data)?$/.exec(file)?.[1];
  if (stem === undefined) return false;
  const suffixes = Object.values(weightSuffixes).filter((suffix) => suffix !== "");
  const suffix = suffixes.find((known) => stem.endsWith(known)) ?? "";
  return suffix === weightSuffixes[weights] || suffix === "";
}

async function listFiles(
  model: HubModel,
  options: HubOptions,
): Promise<{ sha: string; siblings: readonly HubFile[] }> {
  const { owner, name, revision } = model;
  const path = `api/models/${owner}/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const response = await request(model, path, options);
  return await response.json();
}

interface FileTask {
  readonly sha: string;
  readonly file: HubFile;
  readonly path: string;
}

async function fetchFile(
  model: HubModel,
  { sha, file, path }: FileTask,
  options: HubOptions,
  onBytes: (count: number) => void,
): Promise<number> {
  const target = join(path, file.rfilename);
  const finished = sizeOfFile(target);
  if (finished !== undefined) return finished;
  await Deno.mkdir(dirname(target), { recursive: true });
  const partial = `${target}.part`;
  const from = sizeOfFile(partial) ?? 0;
  if (from === 0 || from !== file.size) {
    const url = `${model.owner}/${model.name}/resolve/${sha}/${encodeURI(file.rfilename)}`;
    const range = from > 0 ? { range: `bytes=${from}-` } : {};
    const response = await request(model, url, options, range);
    // A server that ignores the range sends the whole file again.
    await append(response, partial, response.status === 206 ? from : 0, onBytes);
  }
  await checkFile(model, file, partial);
  await Deno.rename(partial, target);
  return sizeOfFile(target)!;
}

async function append(
  response: Response,
  path: string,
  from: number,
  onBytes: (count: number) => void,
): Promise<void> {
  using output = await Deno.open(path, { write: true, create: true });
  await output.truncate(from);
  await output.seek(from, Deno.SeekMode.Start);
  let done = from;
  for await (const chunk of response.body ?? []) {
    for (let written = 0; written < chunk.length;) {
      written += await output.write(chunk.subarray(written));
    }
    done += chunk.length;
    onBytes(done);
  }
}

async function checkFile(model: HubModel, file: HubFile, path: string): Promise<void> {
  const size = sizeOfFile(path) ?? 0;
  const expected = file.lfs?.sha256;
  const wrongSize = file.size !== undefined && size !== file.size;
  const wrongDigest = !wrongSize && expected !== undefined && await sha256(path) !== expected;
  if (!wrongSize && !wrongDigest) return;
  // A file that is too short is continued next time, any other one is fetched anew.
  if (wrongDigest || size > file.size!) await Deno.remove(path);
  const cause = wrongSize
    ? `it has ${size} bytes instead of ${file.size}`
    : "its content is not what the hub announced";
  throw failure(model, `cannot use file "${file.rfilename}": ${cause}`);
}

async function sha256(path: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 20);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    hash.update(buffer.subarray(0, read));
  }
  return hash.digest("hex");
}

const causes: Readonly<Record<number, string>> = {
  401: "it does not exist or is not public",
  403: "access is not granted",
  404: "it does not exist, or has no such revision",
};

async function request(
  model: HubModel,
  path: string,
  { endpoint = "https://huggingface.co", token, signal }: HubOptions,
  headers: Record<string, string> = {},
): Promise<Response> {
  const isSent = token !== undefined && URL.canParse(endpoint) && isConfidential(endpoint);
  const authorization: Record<string, string> = isSent ? { authorization: `Bearer ${token}` } : {};
  let response: Response;
  try {
    response = await fetch(`${endpoint.replace(/\/$/, "")}/${path}`, {
      headers: { ...headers, ...authorization },
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw failure(
      model,
      `the hub cannot be reached, ${error instanceof Error ? error.message : error}`,
    );
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw failure(model, causes[response.status] ?? `the hub answers ${response.status}`);
}

function failure({ owner, name, revision }: HubModel, cause: string): DiagnosticError {
  const message = `Cannot fetch model "hf://${owner}/${name}@${revision}": ${cause}`;
  return new DiagnosticError([{ code: "hub-failed", severity: "error", message }]);
}

function sizeOfFile(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch {
    return undefined;
  }
}
