/** Where an S3 bucket is and who we are there, from what the tools of AWS read. @module */
import { join } from "@std/path";

/** Who asks. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** How to reach a bucket. */
export interface S3Config {
  /** URL of the bucket, with a slash at the end. */
  readonly bucket: URL;
  readonly region: string;
  /** Without any, requests are not signed: a public bucket can be read. */
  readonly credentials?: S3Credentials;
}

/** The process's environment and files, or a test's. */
export interface S3Surroundings {
  env(name: string): string | undefined;
  /** Text of a file, if it can be read. */
  read(path: string): string | undefined;
}

/**
 * Reads `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_DEFAULT_REGION`,
 * `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and where they are not set the
 * profile `AWS_PROFILE` of `~/.aws/credentials` and `~/.aws/config`.
 *
 * @throws {TypeError} If the endpoint is no URL.
 */
export function readS3Config(bucket: string, surroundings: S3Surroundings): S3Config {
  const { env } = surroundings;
  const profile = readProfile(surroundings);
  const region = env("AWS_REGION") || env("AWS_DEFAULT_REGION") || profile["region"] || "us-east-1";
  const endpoint = env("AWS_ENDPOINT_URL_S3") || env("AWS_ENDPOINT_URL") || profile["endpoint_url"];
  const credentials = credentialsOf(
    env("AWS_ACCESS_KEY_ID")
      ? {
        aws_access_key_id: env("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key: env("AWS_SECRET_ACCESS_KEY"),
        aws_session_token: env("AWS_SESSION_TOKEN"),
      }
      : profile,
  );
  return {
    bucket: bucketUrl(bucket, region, endpoint),
    region,
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** Other servers than Amazon's know buckets by path; names with dots have no certificate there. */
function bucketUrl(bucket: string, region: string, endpoint: string | undefined): URL {
  if (endpoint) return new URL(`${endpoint.replace(/\/+$/, "")}/${bucket}/`);
  const host = `s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  return new URL(
    bucket.includes(".") ? `https://${host}/${bucket}/` : `https://${bucket}.${host}/`,
  );
}

type Settings = Readonly<Record<string, string | undefined>>;

function credentialsOf(settings: Settings): S3Credentials | undefined {
  const accessKeyId = settings["aws_access_key_id"];
  const secretAccessKey = settings["aws_secret_access_key"];
  const sessionToken = settings["aws_session_token"];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

function readProfile({ env, read }: S3Surroundings): Settings {
  const folder = join(env("HOME") || env("USERPROFILE") || "", ".aws");
  const name = env("AWS_PROFILE") || "default";
  const config = read(env("AWS_CONFIG_FILE") || join(folder, "config"));
  const credentials = read(env("AWS_SHARED_CREDENTIALS_FILE") || join(folder, "credentials"));
  const section = name === "default" ? name : `profile ${name}`;
  return { ...readSection(config, section), ...readSection(credentials, name) };
}

/** The settings below `[section]` of an INI file; indented lines belong to a setting we don't use. */
function readSection(text: string | undefined, section: string): Settings {
  const settings: Record<string, string> = {};
  let isInside = false;
  for (const line of (text ?? "").split(/\r?\n/)) {
    const heading = /^\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (heading !== undefined) isInside = heading === section;
    const [, name, value] = /^([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (isInside && name !== undefined && value !== undefined) settings[name] = value;
  }
  return settings;
}
