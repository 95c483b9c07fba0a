/** A remote behind an HTTP server. @module */
import { isConfidential, shownUrl } from "../../trust/urls.ts";
import { openedBlob, PLAIN, rangeHeaders, refusal, statOf } from "./http_answer.ts";
import { bodyBytes, type Remote, type RemoteOptions } from "./remote.ts";
import type { RemoteFailure } from "./retry.ts";

/** What may be amiss where a server refuses. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: "Its token is read from TVP_CACHE_TOKEN",
  403: "Its token is read from TVP_CACHE_TOKEN",
  404: "The server of a cache must accept PUT for any path below its URL",
  405: "The server of a cache must accept GET, HEAD and PUT",
};

/** A server that takes GET, HEAD and PUT of paths below a URL. */
export function httpRemote(given: URL, { token }: RemoteOptions): Remote {
  const url = isConfidential(given) ? given : withoutUser(given);
  const own: Record<string, string> = { ...PLAIN };
  if (token !== undefined && isConfidential(url)) own["authorization"] = `Bearer ${token}`;
  const request = async (method: string, name: string, init: RequestInit): Promise<Response> => {
    const headers = { ...own, ...init.headers as Record<string, string> };
    const response = await fetch(new URL(name, url), { ...init, method, headers });
    if (response.ok || (response.status === 404 && method !== "PUT")) return response;
    await response.body?.cancel();
    throw refused(response, method, name);
  };
  return {
    url: shownUrl(url),
    async open(name, { signal, from = 0 }) {
      const response = await request("GET", name, { signal, headers: rangeHeaders(from) });
      if (response.ok) return openedBlob(response);
      await response.body?.cancel();
      return undefined;
    },
    async stat(name, { signal }) {
      const response = await request("HEAD", name, { signal });
      await response.body?.cancel();
      return response.ok ? statOf(response) : undefined;
    },
    async write(name, body, { signal }) {
      const headers = { "content-length": `${bodyBytes(body)}` };
      const content = typeof body === "string" ? (await Deno.open(body)).readable : body;
      const response = await request("PUT", name, { body: content, signal, headers });
      await response.body?.cancel();
    },
  };
}

/** What is sent in clear holds no password. */
function withoutUser(given: URL): URL {
  const url = new URL(given);
  url.username = "";
  url.password = "";
  return url;
}

function refused(response: Response, method: string, name: string): RemoteFailure {
  const note = REFUSALS[response.status];
  const message = `the server answered ${response.status} to ${method} ${name}`;
  return refusal(response, message, note === undefined ? {} : { notes: [note] });
}
