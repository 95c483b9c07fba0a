/** What comes back from a store or a remote, and images. @module */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import sharp from "sharp";
import { fileCheckpoint } from "../../../lib/cache/local/checkpoint.ts";
import { stateHeader } from "../../../lib/cache/remote/remote_state.ts";
import { RemoteTasks } from "../../../lib/cache/remote/remote_tasks.ts";
import {
  generateSigningKeys,
  readSigner,
  readVerifier,
} from "../../../lib/cache/remote/signature.ts";
import { localStore } from "../../../lib/cache/local/store.ts";
import type { Random } from "../../../lib/tensor/random.ts";
import { decodeImage } from "../../../lib/vision/decode_image.ts";
import { formatOf, mustHold, type OpenFormat, Refused } from "./format.ts";
import { edge, mutateBytes, mutateJsonText, mutateText, pick } from "./mutate.ts";
import { encode, pathsIn } from "./seeds.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

type Blobs = Readonly<Record<string, Uint8Array>>;

const key = "a".repeat(64) as never;
const content = encode("hello");
const digest = sha256(content);
const treeDigest = sha256(encode(`file ${digest} "f"\n`));
const tree = { files: [{ path: "f", digest, bytes: 5 }], emptyFolders: [] };
const preimage = { format: 1, stage: "noop", code: digest, parameters: {}, environment: {} };
const manifest = {
  format: 1,
  key,
  preimage,
  outputs: {
    value: { type: "file", digest, bytes: 5, files: 1 },
    dir: { type: "directory", digest: treeDigest, bytes: 5, files: 1 },
  },
  durationMs: 1,
  storedAt: 1,
  host: { versions: {} },
};

const paths = ["f", "f/g", "../x", "", "f\u0000", "/tmp/x", "a/../b", ".", "g", "a\\b", "con"]
  .concat(["a".repeat(300), "dir/".repeat(900) + "x", "~", "\u202egpj"]);

function treeOf(random: Random): string {
  const file = () => ({
    path: pick(random, paths),
    digest: pick(random, [digest, digest, digest, "x", ""]),
    bytes: pick(random, [5, 5, 5, edge(random), "5", null]),
  });
  const files = Array.from({ length: random.integer(4) }, file);
  const emptyFolders = Array.from({ length: random.integer(3) }, () => pick(random, paths));
  return JSON.stringify({ files, emptyFolders });
}

/** A remote that somebody without the key has changed in one place. */
function mutateRemote(good: Blobs, random: Random): Blobs {
  const name = pick(random, Object.keys(good));
  const bytes = good[name]!;
  const text = new TextDecoder().decode(bytes);
  if (name.startsWith("trees/") && random.integer(2) === 0) {
    return { ...good, [name]: encode(treeOf(random)) };
  }
  const isJson = text.startsWith("{") && !text.includes("\n");
  const changed = isJson && random.integer(3) > 0
    ? encode(mutateJsonText(JSON.parse(text), random))
    : mutateBytes(bytes, random);
  return { ...good, [name]: changed };
}

type Sign = (purpose: string, content: Uint8Array) => Promise<string>;

/** What a remote holds of one task. */
async function blobsOf(payload: string, listed: string, sign: Sign): Promise<Blobs> {
  const envelope = { payload, signature: await sign("task", encode(payload)) };
  const header = await stateHeader(key, encode("state"), sign);
  return {
    [`tasks/${key}.json`]: encode(JSON.stringify(envelope)),
    [`objects/${digest}`]: content,
    [`trees/${treeDigest}`]: encode(listed),
    [`checkpoints/${key}`]: encode(`${header}state`),
  };
}

const record = JSON.stringify({ manifest, log: "" });
const listing = JSON.stringify(tree);

/** A remote, and a task that is pulled from it into an empty store. */
async function remoteRig(scratch: string) {
  const { privateKey, publicKey } = await generateSigningKeys();
  const [signer, verifier] = [await readSigner(privateKey), await readVerifier(publicKey)];
  const sign: Sign = (...of) => signer.sign(...of);
  const [root, work] = [join(scratch, "store"), join(scratch, "work")];
  await Deno.mkdir(work);
  const read = async (blobs: Blobs) => {
    const open = (name: string) => {
      const bytes = blobs[name] as Uint8Array<ArrayBuffer> | undefined;
      return Promise.resolve(bytes && { body: new Blob([bytes]).stream(), from: 0 });
    };
    const nothing = () => Promise.resolve(undefined);
    const memory = { url: "memory:", open, stat: nothing, write: nothing };
    const options = { remote: memory, verifier, patienceMs: 300 };
    await using store = localStore(root);
    const tasks = new RemoteTasks(store, options as never);
    const hit = await tasks.pull(key);
    const paths = Object.values(hit?.outputs ?? {}).map(({ path }) => path);
    mustHold(paths.every((path) => path.startsWith(root)), "an output outside of the store");
    await tasks.pullCheckpoint(key, join(work, "state"));
  };
  return { sign, read, roots: [root, work] };
}

/** What somebody without the key may put there. */
const remote: OpenFormat = async (scratch) => {
  const { sign, ...rig } = await remoteRig(scratch);
  const good = await blobsOf(record, listing, sign);
  return formatOf({ ...rig, seeds: [good], generate: (random) => mutateRemote(good, random) });
};

/** What somebody whose key is trusted may put there, in error or on purpose. */
const signedRemote: OpenFormat = async (scratch) => {
  const { sign, read, roots } = await remoteRig(scratch);
  type Texts = readonly [record: string, listing: string];
  return formatOf({
    roots,
    seeds: [[record, listing] as Texts],
    generate: (random): Texts => {
      if (random.integer(4) === 0) return [record, treeOf(random)];
      return [mutateJsonText(JSON.parse(record), random), listing];
    },
    read: async ([payload, listed]: Texts) => await read(await blobsOf(payload, listed, sign)),
  });
};

/** A manifest of the local store: a damaged one is as good as none. */
const localManifest: OpenFormat = async (scratch) => {
  const root = join(scratch, "store");
  const store = localStore(root);
  const output = join(scratch, "value");
  await Deno.writeTextFile(output, "hello");
  await store.put(key, {
    preimage,
    durationMs: 1,
    host: { versions: {} },
    log: "",
    outputs: { value: { type: "file", path: output } },
  } as never);
  const place = manifestIn(root);
  const seed = await Deno.readTextFile(place);
  return formatOf({
    seeds: [seed],
    generate: (random) =>
      random.integer(3) === 0 ? mutateText(seed, random) : mutateJsonText(JSON.parse(seed), random),
    read: async (text: string) => {
      await Deno.writeTextFile(place, text);
      await using opened = localStore(root);
      if (await opened.get(key) === undefined) throw new Refused("a miss");
    },
  });
};

function manifestIn(root: string): string {
  const found = pathsIn(root).find((path) => path.includes(key));
  if (found === undefined) throw new RangeError(`Cannot find the manifest in "${root}"`);
  return found;
}

const checkpoint: OpenFormat = async (scratch) => {
  const path = join(scratch, "checkpoint");
  const { signal } = new AbortController();
  const options = { path, intervalMs: 1, signal, facts: { provider: "cpu" } };
  await fileCheckpoint(options).save(encode("hello state"));
  const seed = await Deno.readFile(path);
  const [header] = new TextDecoder().decode(seed).split("\n");
  return formatOf({
    seeds: [seed],
    generate: (random) =>
      random.integer(2) === 0
        ? mutateBytes(seed, random)
        : encode(`${mutateJsonText(JSON.parse(header!), random)}\nhello state`),
    read: async (bytes: Uint8Array) => {
      await Deno.writeFile(path, bytes);
      const state = await fileCheckpoint(options).load();
      if (state === undefined) throw new Refused("not used");
      mustHold(new TextDecoder().decode(state) === "hello state", "another state");
    },
  });
};

const image: OpenFormat = async () => {
  const blank = sharp({ create: { width: 9, height: 7, channels: 3, background: "red" } });
  const kinds = ["png", "jpeg", "webp", "gif", "tiff"] as const;
  const seeds = await Promise.all(
    kinds.map(async (kind) => new Uint8Array(await blank.clone()[kind]().toBuffer())),
  );
  const drawn =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"><rect width="9"/></svg>';
  const all = [...seeds, encode(drawn)];
  return formatOf({
    seeds,
    generate: (random) => mutateBytes(pick(random, all), random, all),
    read: async (bytes: Uint8Array) => {
      const { dims, data } = await decodeImage(bytes);
      mustHold(dims.length === 3 && data.length === dims[0]! * dims[1]! * dims[2]!, "other pixels");
    },
  });
};

/** Formats of this file. */
export const cacheFormats = {
  remote,
  "signed-remote": signedRemote,
  "local-manifest": localManifest,
  checkpoint,
  image,
} satisfies Record<string, OpenFormat>;
