/** What servers answer: a hub of models, and remotes over HTTP and S3. @module */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { httpRemote } from "../../../lib/cache/remote/http_remote.ts";
import { s3Remote } from "../../../lib/cache/remote/s3_remote.ts";
import { download, readBlob } from "../../../lib/cache/remote/transfer.ts";
import { fetchHubModel } from "../../../lib/models/hub.ts";
import type { Random } from "../../../lib/tensor/random.ts";
import { formatOf, mustHold, type OpenFormat } from "./format.ts";
import { edge, mutateBytes, mutateJsonText, mutateText, pick } from "./mutate.ts";
import { encode, filesOf, pathsIn } from "./seeds.ts";

/** An answer, before it becomes a `Response`, which is read once. */
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Whether the connection breaks behind the body. */
  readonly breaks?: boolean;
}

/** Answers by the end of the path that is asked for. */
type Server = Readonly<Record<string, Answer>>;

const ok = (body: Uint8Array<ArrayBuffer>): Answer => ({ status: 200, headers: {}, body });

function responseOf({ status, headers, body, breaks = false }: Answer): Response {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (body.length > 0) controller.enqueue(body.slice());
      if (breaks) controller.error(new TypeError("connection closed"));
      else controller.close();
    },
  });
  const isEmpty = [204, 205, 304].includes(status);
  return new Response(isEmpty ? null : stream, { status, headers });
}

/** Pauses before another try are shorter, and left out; what waits for an answer takes longer. */
const longestPause = 2500;

/** Runs with a network of one server. */
async function withServer<T>(server: Server, work: () => Promise<T>): Promise<T> {
  const { fetch, setTimeout } = globalThis;
  const sooner = (done: () => void, ms = 0) => setTimeout(done, ms < longestPause ? 0 : ms);
  globalThis.setTimeout = sooner as typeof setTimeout;
  globalThis.fetch = (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const found = Object.keys(server).find((name) => pathname.endsWith(name));
    const answer = found === undefined ? { ...ok(encode("")), status: 404 } : server[found]!;
    return Promise.resolve(responseOf(answer));
  };
  try {
    return await work();
  } finally {
    Object.assign(globalThis, { fetch, setTimeout });
  }
}

const statuses = [200, 201, 204, 206, 206, 206, 301, 304, 400, 401, 403, 404, 416, 429, 500, 503];
const headerNames = ["content-range", "content-length", "content-type", "content-encoding"]
  .concat(["etag", "retry-after", "location", "x-amz-bucket-region"]);

function headerValue(random: Random): string {
  return pick(random, [
    ...["bytes 0-4/5", "bytes 3-4/5", "bytes 5-9/*", "bytes -1-", "bytes 1e9-", "identity", "gzip"],
    ...[
      "../x",
      "Wed, 21 Oct 2099 07:28:00 GMT",
      "eu-central-1",
      `${edge(random)}`,
      "x".repeat(9000),
    ],
  ]);
}

/** An answer with a body, a status or a header that is not as it should be. */
function mutateAnswer(answer: Answer, random: Random): Answer {
  switch (random.integer(5)) {
    case 0:
      return { ...answer, status: pick(random, statuses) };
    case 1: {
      const headers = { [pick(random, headerNames)]: headerValue(random) };
      return { ...answer, headers, status: pick(random, [200, 206, 206, 404]) };
    }
    case 2:
      return {
        ...answer,
        breaks: true,
        body: mutateBytes(answer.body, random) as typeof answer.body,
      };
    default: {
      const text = new TextDecoder().decode(answer.body);
      const isJson = /^[[{]/.test(text);
      const body = isJson && random.integer(4) > 0
        ? encode(mutateJsonText(JSON.parse(text), random))
        : mutateBytes(answer.body, random);
      return { ...answer, body: body as typeof answer.body };
    }
  }
}

function mutateServer(server: Server, random: Random): Server {
  const name = pick(random, Object.keys(server));
  return { ...server, [name]: mutateAnswer(server[name]!, random) };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const hub: OpenFormat = (scratch) => {
  const graph = filesOf("test/golden/vjp", /\.onnx$/, 400)[0]!.slice();
  const config = encode('{"model_type":"x"}');
  const listing = {
    sha: "a".repeat(40),
    siblings: [
      { rfilename: "config.json", size: config.length },
      { rfilename: "onnx/decoder_model.onnx", size: graph.length, lfs: { sha256: sha256(graph) } },
      { rfilename: "README.md", size: 5 },
    ],
  };
  const good: Server = {
    "/api/models/o/m/revision/main": ok(encode(JSON.stringify(listing))),
    "/config.json": ok(config),
    "/decoder_model.onnx": ok(graph),
  };
  const cache = join(scratch, "hub");
  return Promise.resolve(formatOf({
    seeds: [good],
    roots: [cache],
    generate: (random) => mutateServer(good, random),
    read: async (server: Server) => {
      await Deno.remove(cache, { recursive: true }).catch(() => {});
      const model = { owner: "o", name: "m", revision: "main" } as never;
      const { path } = await withServer(server, () => fetchHubModel(model, { cache }));
      const inside = `${await Deno.realPath(cache)}/`;
      const places = await Promise.all(pathsIn(path).map((file) => Deno.realPath(file)));
      mustHold(places.length > 0, "a model without files");
      mustHold(places.every((place) => place.startsWith(inside)), "a file outside of the cache");
    },
  }));
};

const s3Error = "<Error><Code>AccessDenied</Code><Message>no</Message><Region>eu</Region></Error>";

/** Blobs over HTTP and S3. */
const httpAnswers: OpenFormat = (scratch) => {
  const content = encode("hello");
  const digest = sha256(content) as never;
  const good: Server = {
    [`/objects/${digest}`]: ok(content),
    "/tasks/t.json": ok(encode('{"payload":"x"}')),
    "/denied": { ...ok(encode(s3Error)), status: 403 },
  };
  const to = join(scratch, "work", "hello");
  Deno.mkdirSync(join(scratch, "work"));
  const keys: Readonly<Record<string, string>> = {
    AWS_ACCESS_KEY_ID: "k",
    AWS_SECRET_ACCESS_KEY: "s",
    AWS_ENDPOINT_URL: "http://127.0.0.1:9000",
  };
  const remotes = [
    httpRemote(new URL("http://127.0.0.1/cache/"), {}),
    s3Remote(new URL("s3://bucket/cache/"), { env: (name) => keys[name], read: () => undefined }),
  ];
  return Promise.resolve(formatOf({
    seeds: remotes.map((_, which) => ({ which, denied: false, server: good })),
    roots: [join(scratch, "work")],
    generate: (random) => ({
      which: random.integer(remotes.length),
      denied: random.integer(4) === 0,
      server: random.integer(4) === 0
        ? { ...good, "/denied": { ...good["/denied"]!, body: encode(mutateText(s3Error, random)) } }
        : mutateServer(good, random),
    }),
    read: async ({ which, denied, server }: { which: number; denied: boolean; server: Server }) => {
      const remote = remotes[which]!;
      const options = { patienceMs: 10_000 };
      await withServer(server, async () => {
        const name = denied ? "denied" : "tasks/t.json";
        const blob = await readBlob(remote, name, { ...options, limitBytes: 1000 });
        mustHold((blob?.length ?? 0) <= 1000, "more than was asked for");
        await Deno.remove(to).catch(() => {});
        await download(remote, { digest, bytes: content.length }, { ...options, to });
        mustHold(Deno.readTextFileSync(to) === "hello", "another content");
        const { bytes = 0 } = await remote.stat("tasks/t.json", options as never) ?? {};
        mustHold(Number.isSafeInteger(bytes) && bytes >= 0, "a size that is none");
      });
    },
  }));
};

/** Formats of this file. */
export const networkFormats = { hub, "http-answers": httpAnswers } satisfies Record<
  string,
  OpenFormat
>;
