/** Finds the address and the credentials of an S3 bucket, as the tools of AWS do. @module */
import { isConfidential, shownUrl } from "../../trust/urls.ts";
import {
  inHome,
  type NamedProfile,
  readProfile,
  S3SettingError,
  type S3Surroundings,
  type Settings,
} from "./aws_profile.ts";
import { readCredentials, type S3Credentials } from "./s3_credentials.ts";

/** How to reach a bucket. */
export interface S3Config {
  /** URL of the bucket, with a slash at the end. */
  readonly bucket: URL;
  readonly region: string;
  /** Without any, requests are not signed: a public bucket can be read. */
  readonly credentials?: S3Credentials;
  /** Certificates that are believed besides the system's, as PEM. */
  readonly certificates?: string;
}

/**
 * Reads what AWS's tools read, in their order: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the
 * profile's services, its `endpoint_url`; `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`;
 * `AWS_ACCESS_KEY_ID` with `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, the profile in
 * `~/.aws/credentials`, in `~/.aws/config`. The profile is `AWS_PROFILE`'s, or `default`; what both
 * files set counts as `credentials` has it.
 *
 * @throws {S3SettingError} If a setting is wrong, half there, or of a kind that is not known here.
 */
export function readS3Config(bucket: string, surroundings: S3Surroundings): S3Config {
  const { env } = surroundings;
  const profile = readProfile(surroundings);
  const region = readRegion(env, profile);
  const credentials = readCredentials(surroundings, profile);
  refuseOldSignatures(profile.s3);
  const endpoint = endpointOf(env, profile);
  const ways = amazonWays(env, profile);
  if (endpoint !== undefined) refuseWays(ways, endpoint);
  const url = bucketUrl(bucket, region, { endpoint, s3: profile.s3, ways });
  const certificates = readCertificates(surroundings, profile);
  if (credentials?.sessionToken !== undefined && !isConfidential(url)) {
    const cause = `a session token is set, and ${shownUrl(url)} would get it unencrypted`;
    throw new S3SettingError(cause, "Use an endpoint with https://, or keys without a token");
  }
  return {
    bucket: url,
    region,
    ...(credentials === undefined ? {} : { credentials }),
    ...(certificates === undefined ? {} : { certificates }),
  };
}

/** The bundle of certificates that is named, as for a server of one's own. */
function readCertificates(
  { env, read }: S3Surroundings,
  { name, settings }: NamedProfile,
): string | undefined {
  const places = [
    ["AWS_CA_BUNDLE", env("AWS_CA_BUNDLE")],
    [`ca_bundle of profile "${name}"`, settings["ca_bundle"]],
  ] as const;
  const [from, path] = places.find(([, path]) => path) ?? [];
  if (from === undefined) return undefined;
  const text = read(inHome(path!, env));
  if (text?.includes("-----BEGIN CERTIFICATE-----")) return text;
  const state = text === undefined ? "cannot be read" : "holds no certificate";
  throw new S3SettingError(
    `${from} is ${JSON.stringify(path)}, which ${state}`,
    "It is a file of certificates in PEM",
  );
}

function refuseOldSignatures(s3: Settings): void {
  const version = s3["signature_version"] ?? "s3v4";
  if (/^(s3)?v4$/.test(version)) return;
  throw new S3SettingError(
    `signature_version of s3 is ${JSON.stringify(version)}, which is not supported`,
    "Write s3v4, or remove the line",
  );
}

/** Names of regions by the rule of AWS's tools: they become part of host names. */
const regionForm = /^(?!-|\d+$)[A-Za-z0-9-]{1,63}(?<!-)$/;

function readRegion(
  env: S3Surroundings["env"],
  { name, settings }: NamedProfile,
): string {
  const places: readonly (readonly [from: string, region: string | undefined])[] = [
    ["AWS_REGION", env("AWS_REGION")],
    ["AWS_DEFAULT_REGION", env("AWS_DEFAULT_REGION")],
    [`region of profile "${name}"`, settings["region"]],
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
    profile.settings["ignore_configured_endpoint_urls"];
  if (isTrue(ignored)) return undefined;
  const places: readonly (readonly [from: string, url: string | undefined])[] = [
    ["AWS_ENDPOINT_URL_S3", env("AWS_ENDPOINT_URL_S3")],
    ["AWS_ENDPOINT_URL", env("AWS_ENDPOINT_URL")],
    [`endpoint_url of s3 in profile "${profile.name}"`, profile.s3["endpoint_url"]],
    [`endpoint_url of profile "${profile.name}"`, profile.settings["endpoint_url"]],
  ];
  const found = places.find(([, url]) => url);
  return found && { from: found[0], url: found[1]! };
}

const isTrue = (setting: string | undefined) => setting?.toLowerCase() === "true";

/** Which of Amazon's servers are meant, and what says so. */
interface AmazonWays {
  readonly fips?: string;
  readonly dualStack?: string;
  readonly accelerate?: string;
}

function amazonWays(env: S3Surroundings["env"], { name, settings, s3 }: NamedProfile): AmazonWays {
  const both = (setting: string) => {
    const variable = `AWS_${setting.toUpperCase()}`;
    if (env(variable)) return isTrue(env(variable)) ? variable : undefined;
    return isTrue(settings[setting]) ? `${setting} of profile "${name}"` : undefined;
  };
  const ofS3 = (setting: string) =>
    isTrue(s3[setting]) ? `${setting} of s3 in profile "${name}"` : undefined;
  const fips = both("use_fips_endpoint");
  const dualStack = ofS3("use_dualstack_endpoint") ?? both("use_dualstack_endpoint");
  const accelerate = ofS3("use_accelerate_endpoint");
  return {
    ...(fips ? { fips } : {}),
    ...(dualStack ? { dualStack } : {}),
    ...(accelerate ? { accelerate } : {}),
  };
}

/** An endpoint says which server is asked, and these say another one. */
function refuseWays(ways: AmazonWays, { from }: Endpoint): void {
  const [way] = Object.values(ways);
  if (way === undefined) return;
  throw new S3SettingError(
    `${way} is true, and ${from} names another server`,
    "Remove one of them",
  );
}

/** Amazon's host of a region, by the rules of its tools. */
function amazonHost(region: string, { fips, dualStack, accelerate }: AmazonWays): string {
  const domain = `amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const stack = dualStack ? ".dualstack" : "";
  if (accelerate) return `s3-accelerate${stack}.${domain}`;
  return `${fips ? "s3-fips" : "s3"}${stack}.${region}.${domain}`;
}

/** Other servers than Amazon's know buckets by path; names with dots have no certificate there. */
function bucketUrl(
  bucket: string,
  region: string,
  { endpoint, s3, ways }: {
    readonly endpoint: Endpoint | undefined;
    readonly s3: Settings;
    readonly ways: AmazonWays;
  },
): URL {
  const base = endpointUrl(endpoint) ?? new URL(`https://${amazonHost(region, ways)}/`);
  const style = ways.accelerate ? "virtual" : addressingStyle(s3);
  const isVirtual = isHostLabel(bucket) && !isAddress(base.hostname) &&
    (style === "virtual" || style === "auto" && endpoint === undefined);
  if (ways.accelerate && !isVirtual) throw notAccelerated(bucket, ways.accelerate);
  if (isVirtual) base.host = `${bucket}.${base.host}`;
  else base.pathname = `${base.pathname.replace(/\/+$/, "")}/${bucket}/`;
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

function notAccelerated(bucket: string, from: string): S3SettingError {
  return new S3SettingError(
    `${from} is true, and "${bucket}" cannot be part of a host name`,
    "Remove the setting, or use a bucket whose name has only small letters, digits and hyphens",
  );
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
