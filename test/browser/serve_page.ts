/** The server of the page: its script, ONNX Runtime, the cases; and it takes the results. @module */
import { join } from "@std/path";
import { decodeSafetensors } from "../../lib/tensor/safetensors.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { ortFiles } from "./packages.ts";
import type { Task } from "./page.ts";

/** Where the golden graphs are. */
export const casesFolder = new URL("../golden/vjp/", import.meta.url).pathname;

/** What is served besides the cases. */
export interface Site {
  /** Folder of ONNX Runtime for the web. */
  readonly ort: string;
  /** The page's script. */
  readonly bundle: string;
}

const types: Readonly<Record<string, string>> = {
  html: "text/html",
  mjs: "text/javascript",
  js: "text/javascript",
  wasm: "application/wasm",
};

function answer(body: BodyInit, extension: string): Response {
  return new Response(body, { headers: { "content-type": types[extension] ?? "text/plain" } });
}

async function fileOf(folder: string, path: string): Promise<Response> {
  return answer(await Deno.readFile(join(folder, path)), path.split(".").at(-1)!);
}

/** The outputs of each case's graph, by their names. */
export type Results = Map<string, Readonly<Record<string, Tensor>>>;

/** Serves the page and the cases; `results` has what it computed, or rejects with its error. */
export function servePage(site: Site, tasks: readonly Task[]) {
  const results: Results = new Map();
  const done = Promise.withResolvers<Results>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname;
    const [, kind, name] = path.split("/");
    if (kind === "") return answer('<script type="module" src="/page.js"></script>', "html");
    if (kind === "page.js") return answer(site.bundle, "js");
    if (kind === "tasks") return Response.json(tasks);
    if (kind === "ort" && ortFiles.includes(name!)) return await fileOf(site.ort, name!);
    if (kind === "cases") return await fileOf(casesFolder, path.slice("/cases/".length));
    if (kind === "error") done.reject(new TypeError(`In the page: ${await request.text()}`));
    if (kind === "result") results.set(name!, decodeSafetensors(await request.bytes()).tensors);
    if (kind === "done") done.resolve(results);
    return new Response(null, { status: kind === "favicon.ico" ? 404 : 204 });
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return { url, results: done.promise, [Symbol.asyncDispose]: () => server.shutdown() };
}
