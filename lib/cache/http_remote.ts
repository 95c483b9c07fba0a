import type { Remote, RemoteOptions } from "./remote.ts";

/** A server that takes GET, HEAD and PUT of paths below a URL. */
export function httpRemote(url: URL, { token }: RemoteOptions): Remote {
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const request = async (method: string, name: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(new URL(name, url), { ...init, method, headers });
    if (response.ok || (response.status === 404 && method !== "PUT")) return response;
    await response.body?.cancel();
    throw new TypeError(`the server answered ${response.status} to ${method} ${name}`);
  };
  return {
    url: url.href,
    async open(name, signal) {
      const response = await request("GET", name, { signal });
      if (response.ok) return response.body ?? new Blob().stream();
      await response.body?.cancel();
      return undefined;
    },
    async has(name, signal) {
      const response = await request("HEAD", name, { signal });
      await response.body?.cancel();
      return response.ok;
    },
    async write(name, body, signal) {
      const content = typeof body === "string" ? (await Deno.open(body)).readable : body;
      const response = await request("PUT", name, { body: content, signal });
      await response.body?.cancel();
    },
  };
}
