/** A real S3 server from the package registry, in a process of its own. @module */
import { fromFileUrl, join } from "@std/path";
import { s3Remote } from "../../lib/cache/remote/s3_remote.ts";
import type { S3Surroundings } from "../../lib/cache/remote/aws_profile.ts";
import type { Remote } from "../../lib/cache/remote/remote.ts";

const PACKAGE = "npm:@20minutes/s3rver@5.0.0";

/** The only ones that it knows. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" };

/** A server that runs, with a bucket named `bucket`. */
export interface S3Server extends AsyncDisposable {
  /** What a program needs to know to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder with what it was sent. */
  readonly data: string;
  /** `s3://bucket/…`, with other settings than the right ones if a test wants that. */
  remote(url: string, environment?: Readonly<Record<string, string>>): Remote;
}

/** Starts a server; tells why it cannot where the package is not to be had. */
export async function startS3(folder: string): Promise<S3Server | { readonly reason: string }> {
  const here = (path: string) => fromFileUrl(new URL(`./s3/${path}`, import.meta.url));
  const data = join(folder, "s3-data");
  const lock = ["--no-config", "--lock", here("deno.lock"), "--frozen", "--node-modules-dir=none"];
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...lock, here("server.ts"), PACKAGE, data],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(process.stderr).text();
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await output.read();
  const stop = async () => {
    if (value !== undefined) process.kill("SIGKILL");
    await Promise.all([process.status, output.cancel(), errors]);
  };
  if (value === undefined) {
    await stop();
    return { reason: offline(await errors) };
  }
  const environment = {
    ...CREDENTIALS,
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${value.trim()}`,
  };
  return {
    environment,
    data,
    remote: (url, changes = {}) => s3Remote(new URL(`${url}/`), surroundings(environment, changes)),
    [Symbol.asyncDispose]: stop,
  };
}

function surroundings(
  environment: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>>,
): S3Surroundings {
  const all: Readonly<Record<string, string>> = { ...environment, ...changes };
  return { env: (name) => all[name], read: () => undefined };
}

/** @throws {TypeError} If the server failed for another reason than a missing network. */
function offline(errors: string): string {
  const line = errors.split("\n").find((line) => /error sending request|dns error/.test(line));
  if (line === undefined) throw new TypeError(`Cannot start the S3 server: ${errors}`);
  return line.trim();
}
