/** Writes equal values as the same JSON text, and gives its sha256. @module */
import { sha256 as digestBytes } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/**
 * JSON with keys sorted by code unit and no spaces: equal values give equal texts on any machine.
 *
 * @throws {TypeError} for what JSON cannot hold.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") {
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`Cannot write ${value} as JSON`);
    return JSON.stringify(Object.is(value, -0) ? 0 : value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`Cannot write a ${typeof value} as JSON`);
  if ("toJSON" in value && typeof value.toJSON === "function") return canonicalJson(value.toJSON());
  let members = "";
  // Sorting strings without a comparison function orders them by code unit.
  for (const key of Object.keys(value).sort()) {
    const item = (value as Record<string, unknown>)[key];
    if (item === undefined) continue;
    members += `${members === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return `{${members}}`;
}

/** How many texts are digested before the system's own digest is worth its loading. */
const FEW = 2000;
const encoder = new TextEncoder();
let digested = 0;

/**
 * sha256 of a text, in hex. `node:crypto` is faster on each text, but takes as long to load as a
 * few thousand short ones take here.
 */
export function sha256(text: string): string {
  digested += 1;
  if (digested > FEW) return process.getBuiltinModule("node:crypto").hash("sha256", text);
  return bytesToHex(digestBytes(encoder.encode(text)));
}
