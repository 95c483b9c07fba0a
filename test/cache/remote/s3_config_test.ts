import { assertEquals, assertThrows } from "@std/assert";
import { S3SettingError } from "../../../lib/cache/remote/aws_profile.ts";
import { readS3Config } from "../../../lib/cache/remote/s3_config.ts";

interface Case {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: string;
  readonly credentials?: string;
  readonly bucket?: string;
  readonly bundle?: string;
}

const keys = "aws_access_key_id = id\naws_secret_access_key = secret\n";
const both = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };

function read({ env = {}, config, credentials, bundle, bucket = "b" }: Case) {
  const files: Readonly<Record<string, string | undefined>> = {
    "/home/me/.aws/config": config,
    "/home/me/.aws/credentials": credentials,
    "/home/me/own.pem": bundle,
  };
  const all: Readonly<Record<string, string>> = { HOME: "/home/me", ...env };
  return readS3Config(bucket, { env: (name) => all[name], read: (path) => files[path] });
}

const rights: readonly (Case & { url: string; region?: string; id?: string; token?: string })[] = [
  {
    name: "settings in capitals",
    config: "[default]\nRegion = eu-west-1\nEndpoint_URL = http://s3.test:9000\n",
    credentials: "[default]\nAWS_ACCESS_KEY_ID = id\nAWS_SECRET_ACCESS_KEY = secret\n",
    url: "http://s3.test:9000/b/",
    region: "eu-west-1",
    id: "id",
  },
  {
    name: "[profile default], which goes before [default]",
    config: "[default]\nregion = x\n[profile default]\nregion = eu-west-1\n",
    url: "https://b.s3.eu-west-1.amazonaws.com/",
    region: "eu-west-1",
  },
  {
    name: "a section of services",
    config: "[default]\nservices = mine\nendpoint_url = http://other.test\n\n[services mine]\n" +
      "# ours\nec2 =\n  endpoint_url = http://ec2.test\ns3 =\n  endpoint_url = http://s3.test\n",
    url: "http://s3.test/b/",
  },
  {
    name: "the variable of all services before the profile's services",
    env: { AWS_ENDPOINT_URL: "http://all.test" },
    config: "[default]\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = http://s3.test\n",
    url: "http://all.test/b/",
  },
  {
    name: "that configured endpoints are to be ignored",
    env: { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true", AWS_ENDPOINT_URL: "http://all.test" },
    url: "https://b.s3.us-east-1.amazonaws.com/",
  },
  {
    name: "names of profiles in quotes, byte order marks, carriage returns and comments",
    env: { AWS_PROFILE: "my lab" },
    config: '\ufeff[profile "my lab"]\r\nregion = eu-north-1 ; the north\r\n; end\r\n',
    credentials: `[my lab]\r\n${keys.replaceAll("\n", "\r\n")}aws_session_token = t\r\n`,
    url: "https://b.s3.eu-north-1.amazonaws.com/",
    region: "eu-north-1",
    id: "id",
    token: "t",
  },
  {
    name: "keys of config where credentials has none",
    config: `[default]\n${keys}`,
    credentials: "[other]\naws_access_key_id = other\n",
    url: "https://b.s3.us-east-1.amazonaws.com/",
    id: "id",
  },
  {
    name: "no token of config for keys of credentials",
    config: "[default]\naws_session_token = stale\n",
    credentials: `[default]\n${keys}`,
    url: "https://b.s3.us-east-1.amazonaws.com/",
    id: "id",
  },
  {
    name: "names of buckets before an endpoint",
    config: "[default]\nendpoint_url = https://s3.test\ns3 =\n  addressing_style = virtual\n",
    url: "https://b.s3.test/",
  },
  {
    name: "buckets by path",
    config: "[default]\ns3 =\n  addressing_style = path\n",
    url: "https://s3.us-east-1.amazonaws.com/b/",
  },
  ...["virtual", "auto"].flatMap((style) =>
    ["http://127.0.0.1:9000", "http://[::1]:9000"].map((url) => ({
      name: `buckets by path at ${url}, addressing_style ${style}`,
      config: `[default]\nendpoint_url = ${url}\ns3 =\n  addressing_style = ${style}\n`,
      url: `${url}/b/`,
    }))
  ),
  ...["a.b", "My_Bucket"].map((bucket) => ({
    name: `buckets by path where ${bucket} is no name of a host`,
    config: "[default]\ns3 =\n  addressing_style = virtual\n",
    bucket,
    url: `https://s3.us-east-1.amazonaws.com/${bucket}/`,
  })),
  {
    name: "keys of the environment before a role",
    env: both,
    config: "[default]\nrole_arn = arn:x\nsource_profile = base\n",
    url: "https://b.s3.us-east-1.amazonaws.com/",
    id: "id",
  },
  {
    name: "files in other places",
    env: { AWS_CONFIG_FILE: "~/.aws/config", AWS_SHARED_CREDENTIALS_FILE: "/nowhere" },
    config: "[default]\nregion = eu-west-1\n",
    credentials: "[default]\naws_access_key_id = x\naws_secret_access_key = y\n",
    url: "https://b.s3.eu-west-1.amazonaws.com/",
    region: "eu-west-1",
  },
  {
    name: "settings of credentials before those of config",
    config: "[default]\nregion = eu-west-1\nendpoint_url = http://config.test\n" +
      "s3 =\n  addressing_style = virtual\n",
    credentials: "[default]\nregion = eu-north-1\nendpoint_url = http://credentials.test\n" +
      "s3 =\n  addressing_style = path\n",
    url: "http://credentials.test/b/",
    region: "eu-north-1",
  },
  {
    name: "services that credentials names",
    config: "[services mine]\ns3 =\n  endpoint_url = http://s3.test\n",
    credentials: `[default]\n${keys}services = mine\n`,
    url: "http://s3.test/b/",
    id: "id",
  },
  ...[
    ["use_fips_endpoint", "https://b.s3-fips.us-east-1.amazonaws.com/"],
    ["use_dualstack_endpoint", "https://b.s3.dualstack.us-east-1.amazonaws.com/"],
  ].flatMap(([setting, url]) => [
    { name: `${setting} of a profile`, config: `[default]\n${setting} = true\n`, url: url! },
    {
      name: `${setting} of the environment`,
      env: { [`AWS_${setting!.toUpperCase()}`]: "true" },
      config: `[default]\n${setting} = false\n`,
      url: url!,
    },
  ]),
  {
    name: "use_accelerate_endpoint",
    config: "[default]\ns3 =\n  use_accelerate_endpoint = true\n  use_dualstack_endpoint = true\n",
    url: "https://b.s3-accelerate.dualstack.amazonaws.com/",
  },
  {
    name: "keys of files before those of containers",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://localhost/keys" },
    credentials: `[default]\n${keys}`,
    url: "https://b.s3.us-east-1.amazonaws.com/",
    id: "id",
  },
  {
    name: "keys of the environment before a token of a web identity",
    env: { ...both, AWS_WEB_IDENTITY_TOKEN_FILE: "/token", AWS_ROLE_ARN: "arn:x" },
    url: "https://b.s3.us-east-1.amazonaws.com/",
    id: "id",
  },
  {
    name: "keys that are in the environment whole",
    env: both,
    credentials: "[default]\naws_access_key_id = x\naws_secret_access_key = y\n",
    url: "https://b.s3.us-east-1.amazonaws.com/",
    id: "id",
  },
];

for (const { url, region = "us-east-1", id, token, ...given } of rights) {
  Deno.test(`readS3Config() knows ${given.name}`, () => {
    const found = read(given);
    assertEquals([found.bucket.href, found.region, found.credentials?.accessKeyId], [
      url,
      region,
      id,
    ]);
    assertEquals(found.credentials?.sessionToken, token);
  });
}

const wrongs: readonly (Case & { cause: string; note: string })[] = [
  {
    name: "a section of services that is not there",
    config: "[default]\nservices = nope\n",
    cause: 'profile "default" has services = nope, and ~/.aws/config has no such section',
    note: "Add a section [services nope], or remove the line",
  },
  {
    name: "a style of addresses that is not known",
    config: "[default]\ns3 =\n  addressing_style = foo\n",
    cause: 'addressing_style of s3 is "foo"',
    note: "It is one of auto, path, virtual",
  },
  {
    name: "the keys of files for a role",
    config: "[default]\nrole_arn = arn:x\nsource_profile = default\n",
    credentials: `[default]\n${keys}`,
    cause: 'profile "default" gets its keys by role_arn, which is not supported',
    note:
      'Put keys into the environment: eval "$(aws configure export-credentials --profile default --format env)"',
  },
  ...[
    { AWS_WEB_IDENTITY_TOKEN_FILE: "/token", AWS_ROLE_ARN: "arn:x" },
    { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/keys" },
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://localhost/keys" },
  ].map((env) => ({
    name: `keys by ${Object.keys(env)[0]}`,
    env,
    cause: `the environment gives keys by ${Object.keys(env)[0]}, which is not supported`,
    note: 'Put keys into the environment: eval "$(aws configure export-credentials --format env)"',
  })),
  {
    name: "the keys of files where AWS's tools sign in",
    config: "[default]\nsso_session = lab\n",
    credentials: `[default]\n${keys}`,
    cause: 'profile "default" gets its keys by sso_session, which is not supported',
    note:
      'Put keys into the environment: eval "$(aws configure export-credentials --profile default --format env)"',
  },
  {
    name: "another of Amazon's servers than the endpoint",
    env: { AWS_ENDPOINT_URL_S3: "http://s3.test", AWS_USE_DUALSTACK_ENDPOINT: "true" },
    cause: "AWS_USE_DUALSTACK_ENDPOINT is true, and AWS_ENDPOINT_URL_S3 names another server",
    note: "Remove one of them",
  },
  {
    name: "a bucket that cannot be accelerated",
    config: "[default]\ns3 =\n  use_accelerate_endpoint = true\n",
    bucket: "a.b",
    cause: 'use_accelerate_endpoint of s3 in profile "default" is true, ' +
      'and "a.b" cannot be part of a host name',
    note:
      "Remove the setting, or use a bucket whose name has only small letters, digits and hyphens",
  },
  {
    name: "old signatures",
    config: "[default]\ns3 =\n  signature_version = s3\n",
    cause: 'signature_version of s3 is "s3", which is not supported',
    note: "Write s3v4, or remove the line",
  },
  {
    name: "a bundle that is not there",
    env: { AWS_CA_BUNDLE: "/nowhere.pem" },
    cause: 'AWS_CA_BUNDLE is "/nowhere.pem", which cannot be read',
    note: "It is a file of certificates in PEM",
  },
  {
    name: "a bundle without certificates",
    config: "[default]\nca_bundle = ~/own.pem\n",
    bundle: "hello",
    cause: 'ca_bundle of profile "default" is "~/own.pem", which holds no certificate',
    note: "It is a file of certificates in PEM",
  },
  {
    name: "an endpoint with a user",
    env: { AWS_ENDPOINT_URL: "http://u:pw@s3.example.org" },
    cause: "AWS_ENDPOINT_URL has a user or a password in its URL",
    note: "Write http://s3.example.org/; requests are signed with the keys of AWS's settings",
  },
  {
    name: "an endpoint with a query",
    env: { AWS_ENDPOINT_URL: "http://s3.example.org/base?x=1" },
    cause: "AWS_ENDPOINT_URL has a query or a fragment in its URL",
    note: "Write http://s3.example.org/base; requests are signed with the keys of AWS's settings",
  },
  ...[
    { from: "AWS_REGION", env: { AWS_REGION: "eu west" } },
    { from: 'region of profile "default"', config: "[default]\nregion = eu west\n" },
  ].map(({ from, ...given }) => ({
    name: `a region with a blank in ${from}`,
    ...given,
    cause: `${from} is "eu west", which is not the name of a region`,
    note: "It is something like eu-west-1: letters, digits and hyphens",
  })),
  {
    name: "an endpoint without a scheme",
    env: { AWS_ENDPOINT_URL_S3: "localhost:9000" },
    cause: 'AWS_ENDPOINT_URL_S3 is "localhost:9000", which is not the URL of a server',
    note: "Write http://localhost:9000 or https://localhost:9000",
  },
  {
    name: "an endpoint that is not a URL",
    config: "[default]\nendpoint_url = not a url\n",
    cause: 'endpoint_url of profile "default" is "not a url", which is not the URL of a server',
    note: "It is something like https://s3.example.org",
  },
  {
    name: "an endpoint of another kind",
    env: { AWS_ENDPOINT_URL: "s3://bucket" },
    cause: 'AWS_ENDPOINT_URL is "s3://bucket", which is not the URL of a server',
    note: "It is something like https://s3.example.org",
  },
  {
    name: "a session token for a server that gets it unencrypted",
    env: {
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "token",
      AWS_ENDPOINT_URL: "http://s3.example.org",
    },
    cause: "a session token is set, and http://s3.example.org/b/ would get it unencrypted",
    note: "Use an endpoint with https://, or keys without a token",
  },
  {
    name: "half a pair of keys",
    env: { AWS_ACCESS_KEY_ID: "id" },
    cause: "the environment has AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY",
    note: "Set AWS_SECRET_ACCESS_KEY there too",
  },
  {
    name: "the other half in a file",
    credentials: "[default]\naws_secret_access_key = secret\n",
    cause:
      'profile "default" of ~/.aws/credentials has aws_secret_access_key without aws_access_key_id',
    note: "Set aws_access_key_id there too",
  },
  ...[
    { AWS_ACCESS_KEY_ID: "AK–1", AWS_SECRET_ACCESS_KEY: "–" },
    { ...both, AWS_SESSION_TOKEN: "to–ken" },
  ].map((env) => ({
    name: `keys that cannot be sent: ${Object.keys(env).at(-1)}`,
    env,
    cause: `in the environment, character 3 of ${
      "AWS_SESSION_TOKEN" in env ? "the session token" : "AWS_ACCESS_KEY_ID"
    } is U+2013, which cannot be sent`,
    note: "Copy it again: programs that format text change hyphens and quotes",
  })),
  {
    name: "a profile that is not there",
    env: { AWS_PROFILE: "lab" },
    config: "[default]\nregion = eu-west-1\n",
    cause: 'there is no profile "lab" in ~/.aws/config and ~/.aws/credentials',
    note: "AWS_PROFILE names the profile",
  },
  {
    name: "keys of a kind that is not known",
    config: "[default]\ncredential_process = /bin/keys\n",
    cause: 'profile "default" gets its keys by credential_process, which is not supported',
    note:
      'Put keys into the environment: eval "$(aws configure export-credentials --profile default --format env)"',
  },
];

for (const { cause, note, ...given } of wrongs) {
  Deno.test(`readS3Config() refuses ${given.name}`, () => {
    const error = assertThrows(() => read(given), S3SettingError);
    assertEquals([error.message, error.note], [cause, note]);
  });
}

Deno.test("readS3Config() reads the bundle of certificates that is named", () => {
  const bundle = "-----BEGIN CERTIFICATE-----\n";
  const env = { AWS_CA_BUNDLE: "~/own.pem" };
  assertEquals(read({ name: "", env, bundle }).certificates, bundle);
});
