/** What a faulty remote does instead of answering. */
export type Fault = (name: string, answer: () => Response | Promise<Response>) =>
  | Response
  | Promise<Response>;

/** A server of blobs in memory, with whatever is wrong with it. */
export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  readonly blobs: Map<string, Uint8Array<ArrayBuffer>>;
  /** `METHOD name` of each request, in order. */
  readonly requests: string[];
  fault: Fault | undefined;
}

/** Starts a cache server that wants the token `secret`. */
export function fakeServer(): FakeServer {
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  const requests: string[] = [];
  const controller = new AbortController();
  const rig: { fault: Fault | undefined } = { fault: undefined };
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    signal: controller.signal,
    onListen: () => {},
  }, (request) => {
    const name = new URL(request.url).pathname.replace("/cache/", "");
    requests.push(`${request.method} ${name}`);
    const answer = () => answerOf(request, name, blobs);
    return rig.fault === undefined ? answer() : rig.fault(name, answer);
  });
  return Object.assign(rig, {
    url: `http://127.0.0.1:${server.addr.port}/cache`,
    blobs,
    requests,
    async [Symbol.asyncDispose]() {
      controller.abort();
      await server.finished;
    },
  });
}

async function answerOf(
  request: Request,
  name: string,
  blobs: Map<string, Uint8Array<ArrayBuffer>>,
): Promise<Response> {
  if (request.headers.get("authorization") !== "Bearer secret") {
    return new Response("", { status: 401 });
  }
  if (request.method === "PUT") blobs.set(name, await request.bytes());
  const blob = blobs.get(name);
  if (blob === undefined) return new Response("", { status: 404 });
  const headers = { "content-length": `${blob.length}` };
  return new Response(request.method === "GET" ? blob : null, { headers });
}
