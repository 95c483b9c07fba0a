/** Finds the address and the credentials of an S3 bucket, as the tools of AWS do. @module */
import { join } from "@std/path";
import { unsendable, unsendableNote } from "../../trust/header_value.ts";
import { isConfidential, shownUrl } from "../../trust/urls.ts";
import { findProfile, type Profile, type Settings } from "./aws_profile.ts";

/** Credentials of requests. */
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

/** A setting that cannot be used, and what to do. */
export class S3SettingError extends TypeError {
  override readonly name = "S3SettingError";
  readonly note: string;

  constructor(cause: string, note: string) {
    super(cause);
    this.note = note;
  }
}

/**
 * Reads what AWS's tools read, in their order: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the
 * profile's services, its `endpoint_url`; `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`;
 * `AWS_ACCESS_KEY_ID` with `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, the profile in
 * `~/.aws/credentials`, in `~/.aws/config`. The profile is `AWS_PROFILE`'s, or `default`.
 *
 * @throws {S3SettingError} If a setting is wrong, half there, or of a kind that is not known here.
 */
export function readS3Config(bucket: string, surroundings: S3Surroundings): S3Config {
  const { env } = surroundings;
  const profile = readProfile(surroundings);
  const region = readRegion(env, profile);
  const credentials = readCredentials(surroundings, profile);
  const url = bucketUrl(bucket, region, { endpoint: endpointOf(env, profile), s3: profile.s3 });
  if (credentials?.sessionToken !== undefined && !isConfidential(url)) {
    const cause = `a session token is set, and ${shownUrl(url)} would get it unencrypted`;
    throw new S3SettingError(cause, "Use an endpoint with https://, or keys without a token");
  }
  return {
    bucket: url,
    region,
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** Names of regions by the rule of AWS's tools: they become part of host names. */
const regionForm = /^(?!-|\d+$)[A-Za-z0-9-]{1,63}(?<!-)$/;

function readRegion(
  env: S3Surroundings["env"],
  { name, config, credentials }: NamedProfile,
): string {
  const places: readonly (readonly [from: string, region: string | undefined])[] = [
    ["AWS_REGION", env("AWS_REGION")],
    ["AWS_DEFAULT_REGION", env("AWS_DEFAULT_REGION")],
    [`region of profile "${name}"`, config?.["region"] || credentials?.["region"]],
  ];
  const [from, region] = places.find(([, region]) => region) ?? ["", "us-east-1"];
  if (regionForm.test(region!)) return region!;
  throw new S3SettingError(
    `${from} is ${JSON.stringify(region)}, which is not the name of a region`,
    "It is something like eu-west-1: letters, digits and hyphens",
  );
}

/** A URL, and where it was set. */
interface Endpoint {
  readonly url: string;
  readonly from: string;
}

function endpointOf(env: S3Surroundings["env"], profile: NamedProfile): Endpoint | undefined {
  const ignored = env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ||
    profile.config?.["ignore_configured_endpoint_urls"];
  if (ignored?.toLowerCase() === "true") return undefined;
  const places: readonly (readonly [from: string, url: string | undefined])[] = [
    ["AWS_ENDPOINT_URL_S3", env("AWS_ENDPOINT_URL_S3")],
    ["AWS_ENDPOINT_URL", env("AWS_ENDPOINT_URL")],
    [`endpoint_url of s3 in profile "${profile.name}"`, profile.s3["endpoint_url"]],
    [
      `endpoint_url of profile "${profile.name}"`,
      profile.config?.["endpoint_url"] ?? profile.credentials?.["endpoint_url"],
    ],
  ];
  const found = places.find(([, url]) => url);
  return found && { from: found[0], url: found[1]! };
}

/** Other servers than Amazon's know buckets by path; names with dots have no certificate there. */
function bucketUrl(
  bucket: string,
  region: string,
  { endpoint, s3 }: { readonly endpoint: Endpoint | undefined; readonly s3: Settings },
): URL {
  const host = `s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const base = endpointUrl(endpoint) ?? new URL(`https://${host}/`);
  const style = addressingStyle(s3);
  const isVirtual = isHostLabel(bucket) && !isAddress(base.hostname) &&
    (style === "virtual" || style === "auto" && endpoint === undefined);
  if (isVirtual) base.host = `${bucket}.${base.host}`;
  else base.pathname = `${base.pathname.replace(/\/+$/, "")}/${bucket}/`;
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

const styles = ["auto", "path", "virtual"];

function addressingStyle(s3: Settings): string {
  const style = s3["addressing_style"] ?? "auto";
  if (styles.includes(style)) return style;
  throw new S3SettingError(
    `addressing_style of s3 is ${JSON.stringify(style)}`,
    `It is one of ${styles.join(", ")}`,
  );
}

/** Whether a bucket's name can stand before a host: one with dots fits no certificate there. */
function isHostLabel(bucket: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(bucket);
}

/** Whether a host is an IP address, before which nothing can stand. */
function isAddress(hostname: string): boolean {
  return /^(\d+(\.\d+){3}|\[.*\])$/.test(hostname);
}

function endpointUrl(endpoint: Endpoint | undefined): URL | undefined {
  if (endpoint === undefined) return undefined;
  const url = URL.canParse(endpoint.url) ? new URL(endpoint.url) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.host !== "") return plainEndpoint(url, endpoint);
  const shown = shownUrl(endpoint.url);
  const note = /^[\w.-]+(:\d+)?(\/|$)/.test(endpoint.url)
    ? `Write http://${shown} or https://${shown}`
    : "It is something like https://s3.example.org";
  throw new S3SettingError(
    `${endpoint.from} is ${JSON.stringify(shown)}, which is not the URL of a server`,
    note,
  );
}

/** An endpoint that says where the server is, and no more. */
function plainEndpoint(url: URL, { from }: Endpoint): URL {
  const hasUser = url.username !== "" || url.password !== "";
  if (!hasUser && !/[?#]/.test(url.href)) return url;
  throw new S3SettingError(
    `${from} has ${hasUser ? "a user or a password" : "a query or a fragment"} in its URL`,
    `Write ${shownUrl(url)}; requests are signed with the keys of AWS's settings`,
  );
}

const keyNames = ["aws_access_key_id", "aws_secret_access_key"] as const;

/** Where keys may lie, and the names of both there. */
interface KeyPlace {
  readonly from: string;
  readonly names: readonly [id: string, secret: string];
  get(name: string): string | undefined;
  readonly token: string | undefined;
}

function readCredentials(
  { env }: S3Surroundings,
  { name, config, credentials }: NamedProfile,
): S3Credentials | undefined {
  const fileOf = (from: string, settings: Settings | undefined): KeyPlace => ({
    from: `profile "${name}" of ${from}`,
    names: keyNames,
    get: (key) => settings?.[key],
    token: settings?.["aws_session_token"] || settings?.["aws_security_token"],
  });
  const places: readonly KeyPlace[] = [
    {
      from: "the environment",
      names: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
      get: env,
      token: env("AWS_SESSION_TOKEN") || env("AWS_SECURITY_TOKEN"),
    },
    fileOf("~/.aws/credentials", credentials),
    fileOf("~/.aws/config", config),
  ];
  const settings = { ...config, ...credentials };
  for (const place of places) {
    const found = keysIn(place);
    if (found !== undefined) return found;
    // Keys of files beside a role are those that may take it, and not the role's.
    refuseOtherKinds(name, settings, ["role_arn"]);
  }
  refuseOtherKinds(name, settings, otherKinds);
  return undefined;
}

function keysIn({ from, names, get, token }: KeyPlace): S3Credentials | undefined {
  const [accessKeyId, secretAccessKey] = names.map((name) => get(name) || undefined);
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    refuseUnsendable(from, [[names[0], accessKeyId], ["the session token", token ?? ""]]);
    return { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) };
  }
  const [there, missing] = accessKeyId === undefined ? names.toReversed() : names;
  throw new S3SettingError(`${from} has ${there} without ${missing}`, `Set ${missing} there too`);
}

/** The secret itself is never sent. */
function refuseUnsendable(from: string, sent: readonly (readonly [string, string])[]): void {
  const cause = sent.map(([name, text]) => unsendable(name, text)).find(Boolean);
  if (cause === undefined) return;
  throw new S3SettingError(`in ${from}, ${cause}`, unsendableNote);
}

/** Ways to get keys that only AWS's own tools go. */
const otherKinds = [
  "credential_process",
  "role_arn",
  "sso_session",
  "sso_start_url",
  "login_session",
];

function refuseOtherKinds(name: string, settings: Settings, kinds: readonly string[]): void {
  const kind = kinds.find((known) => settings[known]);
  if (kind === undefined) return;
  throw new S3SettingError(
    `profile "${name}" gets its keys by ${kind}, which is not supported`,
    `Put keys into the environment: eval "$(aws configure export-credentials --profile ${name} --format env)"`,
  );
}

interface NamedProfile extends Profile {
  readonly name: string;
}

function readProfile({ env, read }: S3Surroundings): NamedProfile {
  const home = env("HOME") || env("USERPROFILE") || "";
  const file = (variable: string, name: string) =>
    read((env(variable) || join("~", ".aws", name)).replace(/^~(?=[/\\])/, home)) ?? "";
  const name = env("AWS_PROFILE") || env("AWS_DEFAULT_PROFILE") || "default";
  const profile = findProfile(
    name,
    file("AWS_CONFIG_FILE", "config"),
    file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
  );
  if (name !== "default" && profile.config === undefined && profile.credentials === undefined) {
    throw new S3SettingError(
      `there is no profile "${name}" in ~/.aws/config and ~/.aws/credentials`,
      "AWS_PROFILE names the profile",
    );
  }
  const { services } = profile;
  if (services !== undefined && !services.isThere) {
    throw new S3SettingError(
      `profile "${name}" has services = ${services.name}, and ~/.aws/config has no such section`,
      `Add a section [services ${services.name}], or remove the line`,
    );
  }
  return { ...profile, name };
}
