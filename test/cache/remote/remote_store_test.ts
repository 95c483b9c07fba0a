import { assert, assertEquals } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { delay } from "@std/async/delay";
import { digestBytes } from "../../../lib/cache/digest/digest.ts";
import { openRemote } from "../../../lib/cache/remote/open_remote.ts";
import { remoteStore, type RemoteStoreOptions } from "../../../lib/cache/remote/remote_store.ts";
import {
  generateSigningKeys,
  readSigner,
  readVerifier,
  type Signer,
  type Verifier,
} from "../../../lib/cache/remote/signature.ts";
import { localStore } from "../../../lib/cache/local/store.ts";
import { download } from "../../../lib/cache/remote/transfer.ts";
import type { ArtifactStore } from "../../../lib/pipeline/contract/store.ts";
import { type FakeServer, fakeServer, type Fault } from "../remote_rig.ts";
import { keyOf, pathsIn, storeTask, withFolder } from "../rig.ts";

const OUTPUTS = { a: "alpha", b: { "x.txt": "ex", "y.txt": "why" } };

interface Trust {
  readonly signer: Signer;
  readonly verifier: Verifier;
}

async function newTrust(): Promise<Trust> {
  const { privateKey, publicKey } = await generateSigningKeys();
  return {
    signer: await readSigner(privateKey),
    verifier: await readVerifier(`# ours\n${publicKey} # machine\n`),
  };
}

interface Rig extends Trust {
  readonly server: FakeServer;
  readonly warnings: string[];
  /** A store of another machine, on the same remote. */
  machine(
    name: string,
    options?: Partial<RemoteStoreOptions>,
    change?: (local: ArtifactStore) => ArtifactStore,
  ): ArtifactStore;
  /** One that has no private key. */
  readOnly(name: string): ArtifactStore;
}

function withRig(use: (rig: Rig) => Promise<void>): () => Promise<void> {
  return () =>
    withFolder(async (folder) => {
      await using server = fakeServer();
      const trust = await newTrust();
      const warnings: string[] = [];
      const base = {
        verifier: trust.verifier,
        remote: await openRemote(server.url, { token: "secret" }),
        onWarning: ({ code }: { code: string }) => warnings.push(code),
        patienceMs: 20_000,
      };
      const local = (name: string) => localStore(join(folder, name));
      await use({
        ...trust,
        server,
        warnings,
        machine: (name, options, change = (store) => store) =>
          remoteStore(change(local(name)), { ...base, signer: trust.signer, ...options }),
        readOnly: (name) => remoteStore(local(name), base),
      });
    });
}

/** A store's methods, to change some of them. */
function bound(store: ArtifactStore): ArtifactStore {
  return {
    get: (key) => store.get(key),
    put: (key, entry) => store.put(key, entry),
    lock: (key, options) => store.lock(key, options),
    workspace: (key) => store.workspace(key),
    checkpointOf: (key) => store.checkpointOf(key),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Runs a task on machine `a`, which pushes it. */
async function push(rig: Rig): Promise<void> {
  await using store = rig.machine("a");
  await storeTask(store, "t", OUTPUTS);
}

Deno.test(
  "remoteStore() brings a task from one machine to another",
  withRig(async (rig) => {
    await push(rig);
    await using store = rig.machine("b");
    const hit = await store.get(keyOf("t"));
    const [a, b] = [hit?.outputs["a"], hit?.outputs["b"]];
    assert(a !== undefined && b !== undefined);
    assertEquals(Deno.readTextFileSync(a.path), "alpha");
    assertEquals(pathsIn(b.path), ["x.txt", "y.txt"]);
    assertEquals(await hit?.log(), "log of t\n");
    assertEquals(rig.warnings, []);
    const before = rig.server.requests.length;
    await store.get(keyOf("t"));
    assertEquals(rig.server.requests.length, before);
  }),
);

Deno.test(
  "remoteStore() pulls a task while other runs on the same store come and go",
  withRig(async (rig) => {
    await push(rig);
    const [asked, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    rig.server.fault = async (name, answer) => {
      if (name.startsWith("objects")) asked.resolve();
      await (name.startsWith("objects") ? go.promise : undefined);
      return await answer();
    };
    await using store = rig.machine("b");
    const hits = Promise.all([store.get(keyOf("t")), store.get(keyOf("t"))]);
    await asked.promise;
    {
      await using other = rig.readOnly("b");
      await storeTask(other, "u", OUTPUTS);
      // Someone is at it: whoever needs it waits for the lock.
      assertEquals(await other.get(keyOf("t")), undefined);
    }
    go.resolve();
    for (const hit of await hits) assertEquals(hit?.manifest.key, keyOf("t"));
    assertEquals(rig.warnings, []);
  }),
);

Deno.test(
  "remoteStore() does not push an object twice, nor anything without a key",
  withRig(async (rig) => {
    await push(rig);
    const puts = () => rig.server.requests.filter((request) => request.startsWith("PUT objects"));
    assertEquals(puts().length, 3);
    {
      await using store = rig.machine("b");
      await storeTask(store, "u", { c: "alpha" });
    }
    assertEquals(puts().length, 3);
    const size = rig.server.blobs.size;
    {
      await using store = rig.readOnly("c");
      await storeTask(store, "v", { c: "gamma" });
    }
    assertEquals(rig.server.blobs.size, size);
  }),
);

Deno.test(
  "remoteStore() hands a checkpoint to the machine that goes on",
  withRig(async (rig) => {
    {
      await using store = rig.machine("a");
      await using workspace = await store.workspace(keyOf("t"));
      for (const state of ["first", "second"]) {
        Deno.writeTextFileSync(workspace.checkpoint, state);
        store.checkpointSaved?.(keyOf("t"), workspace.checkpoint);
      }
    }
    await using store = rig.machine("b");
    await using workspace = await store.workspace(keyOf("t"));
    assertEquals(Deno.readTextFileSync(workspace.checkpoint), "second");
  }),
);

const json = (blob: Uint8Array<ArrayBuffer> | undefined) =>
  JSON.parse(new TextDecoder().decode(blob ?? new Uint8Array()));
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** What a remote may do to us, and what is said of it. */
const FAULTS: Readonly<Record<string, { fault: Fault; warning: string; patienceMs?: number }>> = {
  "answers errors": {
    fault: () => new Response("", { status: 500 }),
    warning: "remote-failed",
  },
  "hangs": {
    fault: () => new Promise<Response>(() => {}),
    warning: "remote-failed",
    patienceMs: 100,
  },
  "stops in the middle": {
    fault: (name, answer) => name.startsWith("objects") ? new Response(endless("a")) : answer(),
    warning: "remote-failed",
    patienceMs: 500,
  },
  "sends less than there is": {
    fault: async (name, answer) => {
      const bytes = await (await answer()).bytes();
      return new Response(name.startsWith("objects") ? bytes.subarray(1) : bytes);
    },
    warning: "remote-mistrusted",
  },
  "sends other bytes": {
    fault: async (name, answer) => {
      const bytes = await (await answer()).bytes();
      return new Response(name.startsWith("objects") ? bytes.map((byte) => byte ^ 1) : bytes);
    },
    warning: "remote-mistrusted",
  },
  "sends more than there is": {
    fault: (name, answer) => name.startsWith("objects") ? new Response("x".repeat(9999)) : answer(),
    warning: "remote-mistrusted",
  },
  "has lost an object": {
    fault: (name, answer) =>
      name.startsWith("objects") ? new Response("", { status: 404 }) : answer(),
    warning: "remote-mistrusted",
  },
  "sends a byte now and then": {
    fault: () => new Response(trickle()),
    warning: "remote-failed",
    patienceMs: 500,
  },
  "sends everyone in circles": {
    fault: (name) => new Response("", { status: 302, headers: { location: `/cache/${name}` } }),
    warning: "remote-failed",
    patienceMs: 500,
  },
  "sends everyone to log in": {
    fault: (name, answer) =>
      name === "login"
        ? new Response("<!DOCTYPE html><title>Log in</title>", {
          headers: { "content-type": "text/html" },
        })
        : name.startsWith("tasks")
        ? new Response("", { status: 302, headers: { location: "/cache/login" } })
        : answer(),
    warning: "remote-mistrusted",
  },
  "asks to be left alone for an hour": {
    fault: () => new Response("", { status: 429, headers: { "retry-after": "3600" } }),
    warning: "remote-failed",
  },
  "says that nobody may enter": {
    fault: () => new Response("", { status: 403 }),
    warning: "remote-failed",
  },
  "sends nothing": {
    fault: () => new Response(""),
    warning: "remote-mistrusted",
  },
  "sends a manifest with wrong sizes": {
    fault: async (name, answer) => {
      const bytes = await (await answer()).bytes();
      const isManifest = name.startsWith("tasks") && bytes.length > 0;
      return new Response(isManifest ? changed(bytes, /"bytes":\d+/, '"bytes":1') : bytes);
    },
    warning: "remote-mistrusted",
  },
  "sends no manifest but a page": {
    fault: (name, answer) =>
      name.startsWith("tasks") ? new Response("<html>log in</html>") : answer(),
    warning: "remote-mistrusted",
  },
  "sends a tree that leads out of its folder": {
    fault: (name, answer) => {
      const digest = "0".repeat(64);
      const files = [{ path: "../../../evil", digest, bytes: 1 }];
      return name.startsWith("trees")
        ? new Response(bytesOf({ files, emptyFolders: [] }))
        : answer();
    },
    warning: "remote-mistrusted",
  },
  "sends a manifest that was changed": {
    fault: async (name, answer) => {
      const bytes = await (await answer()).bytes();
      const isManifest = name.startsWith("tasks") && bytes.length > 0;
      return new Response(isManifest ? changed(bytes, '"file"', '"json"') : bytes);
    },
    warning: "remote-mistrusted",
  },
};

function changed(
  bytes: Uint8Array<ArrayBuffer>,
  from: string | RegExp,
  to: string,
): Uint8Array<ArrayBuffer> {
  const { payload, signature } = json(bytes);
  return bytesOf({ payload: payload.replace(from, to), signature });
}

/** Sends one piece and keeps silent. */
function endless(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
  });
}

/** Sends a byte every 20 ms, for as long as anyone listens. */
function trickle(): ReadableStream<Uint8Array> {
  let timer: ReturnType<typeof setInterval>;
  return new ReadableStream({
    start: (controller) => {
      timer = setInterval(() => controller.enqueue(new TextEncoder().encode(" ")), 20);
    },
    cancel: () => clearInterval(timer),
  });
}

const TASKS = Array.from({ length: 6 }, (_, i) => `t${i}`);

for (const [what, { fault, warning, patienceMs }] of Object.entries(FAULTS)) {
  Deno.test({
    name: `remoteStore() goes on with a remote that ${what}`,
    // The server side of a connection that was given up ends after the test.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: withRig(async (rig) => {
      {
        await using store = rig.machine("a");
        for (const name of TASKS) await storeTask(store, name, OUTPUTS);
      }
      rig.server.fault = fault;
      const startMs = performance.now();
      {
        await using store = rig.machine("b", patienceMs === undefined ? {} : { patienceMs });
        const hits = await Promise.all(TASKS.map((name) => store.get(keyOf(name))));
        assertEquals(hits, TASKS.map(() => undefined));
        for (const name of TASKS) {
          const hit = await storeTask(store, name, OUTPUTS);
          assertEquals(Deno.readTextFileSync(hit.outputs["a"]?.path ?? ""), "alpha");
        }
        assertEquals((await store.get(keyOf("t0")))?.manifest.key, keyOf("t0"));
      }
      assertEquals(rig.warnings, [warning]);
      const elapsedMs = performance.now() - startMs;
      assert(elapsedMs < (patienceMs ?? 0) + 4000, `${elapsedMs} ms`);
    }),
  });
}

Deno.test(
  "remoteStore() goes on with a server that hangs up on everyone",
  withRig(async (rig) => {
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const hangUp = (async () => {
      for await (const connection of listener) connection.close();
    })();
    const remote = await openRemote(`http://127.0.0.1:${listener.addr.port}/`);
    {
      await using store = rig.machine("b", { remote });
      assertEquals(await store.get(keyOf("t")), undefined);
      await storeTask(store, "t", OUTPUTS);
    }
    assertEquals(rig.warnings, ["remote-failed"]);
    listener.close();
    await hangUp;
  }),
);

Deno.test(
  "download() goes on where a connection broke",
  withRig(async (rig) => {
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    const digest = await digestBytes(bytes);
    const froms: number[] = [];
    const remote = {
      ...await openRemote(rig.server.url),
      open: (_name: string, { from = 0 }: { readonly from?: number }) => {
        froms.push(from);
        const part = bytes.subarray(from, from + 20_000);
        return Promise.resolve({ body: breaking(part, from + part.length < bytes.length), from });
      },
    };
    const to = await Deno.makeTempFile();
    Deno.removeSync(to);
    await download(remote, { digest, bytes: bytes.length }, { to });
    assertEquals(froms, [0, 20_000, 40_000]);
    assertEquals(await digestBytes(Deno.readFileSync(to)), digest);
    Deno.removeSync(to);
  }),
);

function breaking(part: Uint8Array, isBroken: boolean): ReadableStream<Uint8Array> {
  const pieces = [part];
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.pop();
      if (piece !== undefined) return controller.enqueue(piece);
      if (isBroken) controller.error(new Deno.errors.ConnectionReset("reset by peer"));
      else controller.close();
    },
  });
}

Deno.test(
  "remoteStore() leaves a remote that failed alone, and pushes everything once it is back",
  withRig(async (rig) => {
    let nowMs = 0;
    rig.server.fault = () => new Response("", { status: 503 });
    {
      await using store = rig.machine("b", { now: () => nowMs });
      for (const name of ["t", "u", "v"]) await store.get(keyOf(name));
      await storeTask(store, "t", OUTPUTS);
      // Tries of one request, and no other.
      assertEquals([rig.server.requests.length, rig.warnings], [4, ["remote-failed"]]);
      const answers = Promise.withResolvers<void>();
      rig.server.fault = (_name, answer) => (answers.resolve(), answer());
      nowMs = 31_000;
      assertEquals(await store.get(keyOf("u")), undefined);
      await answers.promise;
      while (!rig.server.blobs.has(`tasks/${keyOf("t")}.json`)) await delay(5);
    }
    await using other = rig.machine("c");
    assert(await other.get(keyOf("t")) !== undefined);
    assertEquals(rig.warnings, ["remote-failed"]);
  }),
);

Deno.test(
  "remoteStore() warns once of pushes that this machine cannot do, and goes on",
  withRig(async (rig) => {
    {
      await using store = rig.machine("a", {}, (local) => ({
        ...bound(local),
        async put(key, entry) {
          const hit = await local.put(key, entry);
          if (key === keyOf("kept")) return hit;
          const output = { ...hit.outputs["a"]!, path: "/nowhere/at/all" };
          return { ...hit, outputs: { ...hit.outputs, a: output } };
        },
      }));
      for (const name of ["t", "u", "kept"]) await storeTask(store, name, { a: name });
    }
    assertEquals(rig.warnings, ["push-failed"]);
    const pushed = [...rig.server.blobs.keys()].filter((name) => name.startsWith("tasks/"));
    assertEquals(pushed, [`tasks/${keyOf("kept")}.json`]);
  }),
);

Deno.test(
  "remoteStore() asks a remote that sends nothing but rubbish no more",
  withRig(async (rig) => {
    rig.server.fault = () => new Response("<!doctype html><title>Sign in</title>");
    await using store = rig.machine("b");
    for (let i = 0; i < 20; i += 1) assertEquals(await store.get(keyOf(`t${i}`)), undefined);
    assertEquals([rig.server.requests.length, rig.warnings], [3, ["remote-mistrusted"]]);
  }),
);

Deno.test(
  "remoteStore() does not believe what strangers signed, neither tasks nor checkpoints",
  withRig(async (rig) => {
    const stranger = await newTrust();
    {
      await using store = rig.machine("a", { signer: stranger.signer });
      await storeTask(store, "t", OUTPUTS);
      await using workspace = await store.workspace(keyOf("u"));
      Deno.writeTextFileSync(workspace.checkpoint, "poison");
      store.checkpointSaved?.(keyOf("u"), workspace.checkpoint);
    }
    await using store = rig.machine("b");
    assertEquals(await store.get(keyOf("t")), undefined);
    await using workspace = await store.workspace(keyOf("u"));
    assertEquals(await store.checkpointOf(keyOf("u")), undefined);
    assert(workspace.directory !== "");
    assertEquals(rig.warnings, ["remote-mistrusted"]);
  }),
);

Deno.test(
  "remoteStore() does not take what was signed for one task for another's",
  withRig(async (rig) => {
    await push(rig);
    {
      await using store = rig.machine("a");
      await using workspace = await store.workspace(keyOf("t"));
      Deno.writeTextFileSync(workspace.checkpoint, "state");
      store.checkpointSaved?.(keyOf("t"), workspace.checkpoint);
    }
    for (const name of ["checkpoints/KEY", "tasks/KEY.json"]) {
      const blob = rig.server.blobs.get(name.replace("KEY", keyOf("t")));
      assert(blob !== undefined);
      rig.server.blobs.set(name.replace("KEY", keyOf("u")), blob);
    }
    await using store = rig.machine("b");
    assertEquals(await store.get(keyOf("u")), undefined);
    await using _workspace = await store.workspace(keyOf("u"));
    assertEquals(await store.checkpointOf(keyOf("u")), undefined);
    assertEquals(rig.warnings, ["remote-mistrusted"]);
  }),
);

interface SignedRecord {
  readonly manifest: { readonly outputs: Readonly<Record<string, unknown>> };
  readonly log: string;
}

/** What someone who is trusted, and errs, may sign in place of a record. */
const damagedRecords: Readonly<Record<string, (record: SignedRecord) => string>> = {
  "no JSON": () => "{",
  "no map": () => "null",
  "no manifest": ({ log }) => JSON.stringify({ log }),
  "no log": ({ manifest }) => JSON.stringify({ manifest }),
  "no outputs": ({ manifest, log }) =>
    JSON.stringify({ log, manifest: { ...manifest, outputs: null } }),
  "an output beside the task's folder": ({ manifest, log }) => {
    const outputs = { "../a": manifest.outputs["a"] };
    return JSON.stringify({ log, manifest: { ...manifest, outputs } });
  },
};

for (const [name, damage] of Object.entries(damagedRecords)) {
  Deno.test(
    `remoteStore() takes no record that is signed and damaged: ${name}`,
    withRig(async (rig) => {
      await push(rig);
      const place = `tasks/${keyOf("t")}.json`;
      const { payload } = JSON.parse(new TextDecoder().decode(rig.server.blobs.get(place)));
      const changed = damage(JSON.parse(payload));
      const signature = await rig.signer.sign("task", new TextEncoder().encode(changed));
      const text = JSON.stringify({ payload: changed, signature });
      rig.server.blobs.set(place, new TextEncoder().encode(text));
      await using store = rig.machine("b");
      assertEquals(await store.get(keyOf("t")), undefined);
      assertEquals(rig.warnings, ["remote-mistrusted"]);
    }),
  );
}

Deno.test(
  "remoteStore() says so when its token is refused",
  withRig(async (rig) => {
    await using store = rig.machine("a", {
      remote: await openRemote(rig.server.url, { token: "x" }),
    });
    assertEquals(await store.get(keyOf("t")), undefined);
    assertEquals(rig.warnings, ["remote-failed"]);
  }),
);

Deno.test("remoteStore() works with a folder as remote", () =>
  withFolder(async (folder) => {
    const trust = await newTrust();
    const remote = await openRemote(toFileUrl(join(folder, "remote")).href);
    {
      await using store = remoteStore(localStore(join(folder, "a")), { ...trust, remote });
      await storeTask(store, "t", OUTPUTS);
    }
    await using store = remoteStore(localStore(join(folder, "b")), { ...trust, remote });
    const hit = await store.get(keyOf("t"));
    assertEquals(Deno.readTextFileSync(hit?.outputs["a"]?.path ?? ""), "alpha");
    assertEquals(pathsIn(join(folder, "remote")).filter((path) => path.endsWith(".tmp")), []);
  }));
