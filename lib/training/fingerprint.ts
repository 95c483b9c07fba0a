/**
 * Fingerprints the conditions of a training. Under other conditions it could end with other bits,
 * so its saved state is refused.
 *
 * @module
 */
import { encodeModel } from "../onnx/codec/encode.ts";
import type { Model } from "../onnx/ir/model.ts";
import { runtimeVersion } from "../runtime/session.ts";

/** What a saved state may be continued with. */
export type Fingerprint = Readonly<
  Record<"graph" | "provider" | "onnxruntime" | "threads", string>
>;

/** The fingerprint of a training that runs on a device with so many threads. */
export async function fingerprintOf(
  graph: Model,
  { provider, threads }: { readonly provider: string; readonly threads: number },
): Promise<Fingerprint> {
  const digest = await crypto.subtle.digest("SHA-256", encodeModel(graph) as BufferSource);
  return {
    graph: new Uint8Array(digest).toHex(),
    provider,
    onnxruntime: await runtimeVersion(),
    threads: String(threads),
  };
}

/** The first thing in which a saved fingerprint differs, in words; undefined if it is the same. */
export function differenceOf(saved: unknown, current: Fingerprint): string | undefined {
  const was = (saved ?? {}) as Readonly<Record<string, unknown>>;
  const name = (Object.keys(current) as (keyof Fingerprint)[])
    .find((name) => was[name] !== current[name]);
  if (name === undefined) return undefined;
  if (name === "graph") return "it belongs to another graph";
  const before = typeof was[name] === "string" ? `"${was[name].slice(0, 40)}"` : "nothing";
  return `it was saved with ${name} ${before}, this training has "${current[name]}"`;
}
