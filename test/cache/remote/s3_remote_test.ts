import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import type { Remote } from "../../../lib/cache/remote/remote.ts";
import { remoteStore, type RemoteStoreOptions } from "../../../lib/cache/remote/remote_store.ts";
import { RemoteFailure } from "../../../lib/cache/remote/retry.ts";
import { readS3Config } from "../../../lib/cache/remote/s3_config.ts";
import { PART_BYTES, writeParts } from "../../../lib/cache/remote/s3_multipart.ts";
import { s3Remote } from "../../../lib/cache/remote/s3_remote.ts";
import type { S3Request } from "../../../lib/cache/remote/s3_request.ts";
import {
  generateSigningKeys,
  readSigner,
  readVerifier,
} from "../../../lib/cache/remote/signature.ts";
import { localStore } from "../../../lib/cache/local/store.ts";
import { type Diagnostic, DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import type { ArtifactStore } from "../../../lib/pipeline/contract/store.ts";
import { type S3Server, startS3 } from "../../rigs/s3_server.ts";
import { keyOf, storeTask, withFolder } from "../rig.ts";

interface Rig {
  readonly s3: S3Server;
  /** The store of a machine, on a bucket. */
  machine(name: string, remote: Remote, options?: Partial<RemoteStoreOptions>): ArtifactStore;
  readonly warnings: Diagnostic[];
}

/** Text of more than two parts. */
const LARGE = "0123456789abcdef".repeat((2 * PART_BYTES + 100_000) / 16);

const CASES: Record<string, (rig: Rig) => Promise<void>> = {
  "brings a task from one machine to another": async ({ s3, machine, warnings }) => {
    const remote = s3.remote("s3://bucket/our cache+1");
    {
      await using store = machine("a", remote);
      await storeTask(store, "t", { a: "alpha", b: { "x.txt": "ex", "y.txt": "why" } });
    }
    await using store = machine("b", remote);
    const hit = await store.get(keyOf("t"));
    assertEquals(Deno.readTextFileSync(hit?.outputs["a"]?.path ?? ""), "alpha");
    assertEquals(Deno.readTextFileSync(join(hit?.outputs["b"]?.path ?? "", "y.txt")), "why");
    assertEquals(await hit?.log(), "log of t\n");
    assertEquals(await store.get(keyOf("missing")), undefined);
    assertEquals(warnings, []);
  },
  "sends large objects in parts, once": async ({ s3, machine, warnings }) => {
    const remote = s3.remote("s3://bucket/large");
    for (const name of ["c", "d"]) {
      await using store = machine(name, remote);
      await storeTask(store, name, { large: LARGE });
    }
    await using store = machine("e", remote);
    const hit = await store.get(keyOf("d"));
    assertEquals(Deno.readTextFileSync(hit?.outputs["large"]?.path ?? "") === LARGE, true);
    assertEquals(warnings, []);
  },
  "hands a checkpoint to the machine that goes on, until the task is done": async (
    { s3, machine, warnings },
  ) => {
    const remote = s3.remote("s3://bucket/checkpoints");
    {
      await using store = machine("f", remote);
      await using workspace = await store.workspace(keyOf("t"));
      Deno.writeTextFileSync(workspace.checkpoint, "state");
      store.checkpointSaved?.(keyOf("t"), workspace.checkpoint);
    }
    {
      await using store = machine("g", remote);
      await using workspace = await store.workspace(keyOf("t"));
      assertEquals(Deno.readTextFileSync(workspace.checkpoint), "state");
      await storeTask(store, "t", { a: "done" });
    }
    await using store = machine("h", remote);
    await using _workspace = await store.workspace(keyOf("t"));
    assertEquals(await store.checkpointOf(keyOf("t")), undefined);
    assertEquals(warnings, []);
  },
};

/** Settings that are wrong, and what is said of them, with the server's answer to a look-up. */
const MISTAKES: readonly [string, string, Readonly<Record<string, string>>, string, string][] = [
  [
    "a bucket that is not there",
    "s3://nobody/x",
    {},
    "404 NoSuchBucket",
    'There is no bucket "nobody"; another server than Amazon\'s is set by AWS_ENDPOINT_URL_S3',
  ],
  [
    "an unknown access key",
    "s3://bucket/x",
    { AWS_ACCESS_KEY_ID: "NOBODY" },
    "403 InvalidAccessKeyId",
    "The server does not know AWS_ACCESS_KEY_ID",
  ],
  [
    "a wrong secret",
    "s3://bucket/x",
    { AWS_SECRET_ACCESS_KEY: "guess" },
    "403 SignatureDoesNotMatch",
    "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID",
  ],
];

for (const [what, url, settings, answer, note] of MISTAKES) {
  CASES[`says what to do about ${what}, once`] = async ({ s3, machine, warnings }) => {
    {
      await using store = machine(`mistake ${what}`, s3.remote(url, settings));
      for (const name of ["t", "u"]) {
        assertEquals(await store.get(keyOf(name)), undefined);
        await storeTask(store, name, { a: "alpha" });
      }
    }
    assertEquals(warnings.map(({ code, message, notes }) => [code, message, notes?.[0]]), [[
      "remote-failed",
      `Cannot pull a task with remote cache "${url}/": ` +
      `the server answered ${answer} to GET tasks/${keyOf("t")}.json`,
      note,
    ]]);
    warnings.length = 0;
  };
}

Deno.test("s3Remote() on a real server", async (t) => {
  await withFolder(async (folder) => {
    const s3 = await startS3(folder);
    if ("reason" in s3) return console.log(`skipped: no S3 server to be had here: ${s3.reason}`);
    await using _server = s3;
    const { privateKey, publicKey } = await generateSigningKeys();
    const trust = { signer: await readSigner(privateKey), verifier: await readVerifier(publicKey) };
    const warnings: Diagnostic[] = [];
    const onWarning = (warning: Diagnostic) => warnings.push(warning);
    const machine: Rig["machine"] = (name, remote, options) =>
      remoteStore(localStore(join(folder, name)), { ...trust, remote, onWarning, ...options });
    for (const [name, run] of Object.entries(CASES)) {
      await t.step(name, () => run({ s3, machine, warnings }));
    }
  });
});

const AWS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
const FILES: Readonly<Record<string, string>> = {
  "/home/me/.aws/credentials": "[default]\naws_access_key_id = file\naws_secret_access_key=s\n\n" +
    "[lab]\naws_access_key_id=lab\naws_secret_access_key = l=\naws_session_token=t\n",
  "/home/me/.aws/config": "# ours\n[default]\nregion = eu-west-1\ns3 =\n  region = nonsense\n" +
    "[profile lab]\nregion=eu-north-1\nendpoint_url = https://s3.lab.example.org\n",
};

const CONFIGS: readonly [string, string, Readonly<Record<string, string>>, unknown][] = [
  ["a profile of files", "b", { HOME: "/home/me" }, [
    "https://b.s3.eu-west-1.amazonaws.com/",
    "eu-west-1",
    { accessKeyId: "file", secretAccessKey: "s" },
  ]],
  ["a profile by name", "b", { HOME: "/home/me", AWS_PROFILE: "lab" }, [
    "https://s3.lab.example.org/b/",
    "eu-north-1",
    { accessKeyId: "lab", secretAccessKey: "l=", sessionToken: "t" },
  ]],
  ["the environment before files", "b", { HOME: "/home/me", ...AWS, AWS_REGION: "us-west-2" }, [
    "https://b.s3.us-west-2.amazonaws.com/",
    "us-west-2",
    { accessKeyId: "id", secretAccessKey: "secret" },
  ]],
  ["a session token", "b", { ...AWS, AWS_SESSION_TOKEN: "t" }, [
    "https://b.s3.us-east-1.amazonaws.com/",
    "us-east-1",
    { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "t" },
  ]],
  ["no credentials", "b", { AWS_DEFAULT_REGION: "eu-west-1" }, [
    "https://b.s3.eu-west-1.amazonaws.com/",
    "eu-west-1",
    undefined,
  ]],
  ["names that have no certificate", "a.b", {}, [
    "https://s3.us-east-1.amazonaws.com/a.b/",
    "us-east-1",
    undefined,
  ]],
  ["the endpoint of S3 before the one of all services", "b", {
    AWS_ENDPOINT_URL: "http://localhost:1",
    AWS_ENDPOINT_URL_S3: "http://localhost:2/s3/",
  }, ["http://localhost:2/s3/b/", "us-east-1", undefined]],
];

for (const [what, bucket, environment, expected] of CONFIGS) {
  Deno.test(`readS3Config() knows ${what}`, () => {
    const env = (name: string) => environment[name];
    const config = readS3Config(bucket, { env, read: (path) => FILES[path] });
    assertEquals([config.bucket.href, config.region, config.credentials], expected);
  });
}

Deno.test("s3Remote() refuses a URL without a bucket and an endpoint that is not a URL", () => {
  const env = (name: string) => name.startsWith("AWS_ENDPOINT") ? "nowhere" : undefined;
  const surroundings = { env, read: () => undefined };
  const messages = ["s3:///prefix/", "s3://bucket/"].map((url) =>
    assertThrows(() => s3Remote(new URL(url), surroundings), DiagnosticError).message
  );
  assertEquals(messages, [
    'Cannot open remote cache "s3:///prefix/": it names no bucket',
    'Cannot open remote cache "s3://bucket/": AWS_ENDPOINT_URL_S3 is "nowhere", which is not the URL of a server',
  ]);
});

/** An S3 server's answers to the requests of a large upload, with one fault each. */
const UPLOADS: Readonly<
  Record<
    string,
    { fault: (request: S3Request, nth: number) => Response | undefined; log: string[] }
  >
> = {
  "sends a part again that failed": {
    fault: ({ query }, nth) =>
      query?.startsWith("partNumber=1&") && nth < 2 ? failing() : undefined,
    log: ["POST", "PUT 1", "PUT 2", "PUT 1", "POST"],
  },
  "takes a part back that failed too often": {
    fault: ({ query }) => query?.startsWith("partNumber=2") ? failing(false) : undefined,
    log: ["POST", "PUT 1", "PUT 2", "DELETE"],
  },
  "does not believe a 200 that says it failed": {
    fault: ({ query }) =>
      query?.startsWith("uploadId")
        ? new Response("<Error><Code>InternalError</Code></Error>")
        : undefined,
    log: ["POST", "PUT 1", "PUT 2", "POST", "DELETE"],
  },
};

function failing(isTransient = true): never {
  throw new RemoteFailure("the server answered 500", { isTransient, retryAfterMs: 5 });
}

for (const [what, { fault, log }] of Object.entries(UPLOADS)) {
  Deno.test(`writeParts() ${what}`, async () => {
    const requests: string[] = [];
    const send = (request: S3Request) => {
      const { method, query = "", headers: _ } = request;
      const part = /partNumber=(\d+)/.exec(query)?.[1];
      requests.push(part === undefined ? method : `${method} ${part}`);
      const nth = requests.filter((text) => text === requests.at(-1)).length;
      return Promise.resolve().then(() => fault(request, nth) ?? good(query));
    };
    const options = {
      body: new Uint8Array(PART_BYTES + 1),
      signal: new AbortController().signal,
      patienceMs: 1000,
    };
    const upload = writeParts(send, "blob", options);
    if (log.includes("DELETE")) await assertRejects(() => upload, RemoteFailure);
    else await upload;
    assertEquals(requests, log);
    assert(requests.length > 0);
  });
}

Deno.test("writeParts() takes an upload back when no part is on its way any more", async () => {
  const log: string[] = [];
  const slow = Promise.withResolvers<void>();
  const send = async ({ method, query = "" }: S3Request) => {
    const part = /partNumber=(\d+)/.exec(query)?.[1];
    log.push(part === undefined ? method : `${method} ${part}`);
    if (part === "1") {
      setTimeout(slow.resolve, 20);
      failing(false);
    }
    if (part !== undefined) await slow.promise.then(() => log.push(`end of ${part}`));
    return good(query);
  };
  const body = new Uint8Array(4 * PART_BYTES);
  const options = { body, signal: new AbortController().signal, patienceMs: 1000 };
  await assertRejects(() => writeParts(send, "blob", options), RemoteFailure, "answered 500");
  assertEquals(log, ["POST", "PUT 1", "PUT 2", "PUT 3", "end of 2", "end of 3", "DELETE"]);
});

function good(query: string): Response {
  const body = query === "uploads" ? "<UploadId>a&amp;b</UploadId>" : "";
  return new Response(body, { headers: { etag: '"tag"' } });
}
