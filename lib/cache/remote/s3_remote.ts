/** A remote in a bucket of an S3 server. @module */
import { AwsV4Signer } from "aws4fetch";
import { shownUrl } from "../../trust/urls.ts";
import { digestBytes } from "../digest/digest.ts";
import { openedBlob, PLAIN, rangeHeaders, statOf } from "./http_answer.ts";
import { bodyBytes, type Remote } from "./remote.ts";
import { S3SettingError, type S3Surroundings } from "./aws_profile.ts";
import { readS3Config, type S3Config } from "./s3_config.ts";
import { isMissing, refused } from "./s3_error.ts";
import type { S3Request, S3Send } from "./s3_request.ts";
import { PART_BYTES, writeParts } from "./s3_multipart.ts";
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";

/**
 * A bucket of any S3-compatible server: `s3://BUCKET/PREFIX`.
 *
 * @throws {DiagnosticError} `unknown-remote`, if the URL or the endpoint cannot be meant.
 */
export function s3Remote(url: URL, surroundings: S3Surroundings = ofProcess): Remote {
  const config = configOf(url, surroundings);
  // A plus would be signed as a space.
  const base = new URL(url.pathname.slice(1).replaceAll("+", "%2B"), config.bucket);
  const { certificates } = config;
  const believed = certificates && Deno.createHttpClient({ caCerts: [certificates] });
  const ask: typeof fetch = (url, init) =>
    fetch(url, believed ? { ...init, client: believed } : init);
  const send: S3Send = async (request) => {
    const response = await sendSigned(ask, { base, config, request });
    if (response.ok || (request.method !== "PUT" && await isMissing(response))) return response;
    throw await refused(response, request, { bucket: url.host, region: config.region });
  };
  return {
    url: shownUrl(url),
    async open(name, { signal, from = 0 }) {
      const response = await send({ method: "GET", name, signal, headers: rangeHeaders(from) });
      if (response.ok) return openedBlob(response);
      await response.body?.cancel();
      return undefined;
    },
    async stat(name, { signal }) {
      const response = await send({ method: "HEAD", name, signal });
      await response.body?.cancel();
      return response.ok ? statOf(response) : undefined;
    },
    async write(name, body, options) {
      if (bodyBytes(body) > PART_BYTES) return await writeParts(send, name, { ...options, body });
      const bytes = typeof body === "string" ? Deno.readFileSync(body) : body;
      const response = await send({ method: "PUT", name, body: bytes, signal: options.signal });
      await response.body?.cancel();
    },
  };
}

const ofProcess: S3Surroundings = {
  env: (name) => Deno.env.get(name),
  read(path) {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return undefined;
    }
  },
};

function configOf(url: URL, surroundings: S3Surroundings): S3Config {
  const bad = (cause: string, note: string) => {
    const message = `Cannot open remote cache "${shownUrl(url)}": ${cause}`;
    return new DiagnosticError([
      { code: "unknown-remote", severity: "error", message, notes: [note] },
    ]);
  };
  const form = "A bucket is s3://BUCKET/PREFIX";
  if (url.host === "") throw bad("it names no bucket", form);
  if (url.port !== "") {
    throw bad("a bucket has no port", `${form}; AWS_ENDPOINT_URL_S3 names another server`);
  }
  if (url.username !== "" || url.password !== "") {
    throw bad(
      "a bucket has no user",
      `${form}; AWS_ACCESS_KEY_ID and other settings give the keys`,
    );
  }
  try {
    return readS3Config(url.host, surroundings);
  } catch (error) {
    if (!(error instanceof S3SettingError)) throw error;
    throw bad(error.message, error.note);
  }
}

/** Signs with the digest of the body, so that the server takes no other bytes. */
async function sendSigned(
  ask: typeof fetch,
  { base, config, request }: {
    readonly base: URL;
    readonly config: S3Config;
    readonly request: S3Request;
  },
): Promise<Response> {
  const { method, name, query, body = null, signal } = request;
  const url = new URL(name, base);
  if (query !== undefined) url.search = query;
  const headers = new Headers({
    ...PLAIN,
    ...request.headers,
    "x-amz-content-sha256": await digestBytes(body ?? ""),
  });
  const init = { method, body, signal, redirect: "manual" } as const;
  if (config.credentials === undefined) return await ask(url, { ...init, headers });
  const { region, credentials } = config;
  const signer = new AwsV4Signer({
    service: "s3",
    method,
    url: url.href,
    headers,
    body,
    region,
    ...credentials,
  });
  const signed = await signer.sign();
  return await ask(signed.url, { ...init, headers: signed.headers });
}
