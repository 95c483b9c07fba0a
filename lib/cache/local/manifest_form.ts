/**
 * Checks the form of a manifest: a crash, a full disk or another program may have damaged its
 * file.
 *
 * @module
 */
import type { Digest } from "../../pipeline/contract/key.ts";
import { type ArtifactType, artifactTypes } from "../../pipeline/contract/stage.ts";
import type { Manifest } from "../../pipeline/contract/store.ts";
import { isDigest } from "../digest/digest.ts";
import type { ObjectSize } from "./object.ts";

/** An output as the manifest of a local store has it: with the size that it must have. */
export interface StoredOutput extends ObjectSize {
  readonly type: ArtifactType;
  readonly digest: Digest;
}

/** The manifest of a local store. */
export interface StoredManifest extends Manifest {
  readonly outputs: Readonly<Record<string, StoredOutput>>;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isPreimage = form({
  format: isFirst,
  stage: isText,
  code: isDigest,
  parameters: (parameters) => parameters !== undefined,
  environment: isTexts,
});

const isHost = form({
  provider: (provider) => provider === undefined || isText(provider),
  versions: isTexts,
  plan: (plan) => plan === undefined || isText(plan),
});

const types: ReadonlySet<unknown> = new Set(artifactTypes);

const isOutput = form({
  type: (type) => types.has(type),
  digest: isDigest,
  bytes: isAmount,
  files: isAmount,
});

const isManifest = form({
  format: isFirst,
  key: isDigest,
  preimage: isPreimage,
  outputs: (outputs) => isMap(outputs) && Object.values(outputs).every(isOutput),
  durationMs: isAmount,
  storedAt: isTime,
  host: isHost,
});

/** Whether a value is a manifest, whole and of this version. */
export function isStoredManifest(value: unknown): value is StoredManifest {
  return isManifest(value);
}

/** Made once for all values: a run with everything cached looks at each of its manifests. */
function form(fields: Readonly<Record<string, Check>>): Check {
  const names = Object.keys(fields);
  return (value) => {
    if (!isMap(value)) return false;
    for (const name of names) if (!fields[name]!(value[name])) return false;
    return true;
  };
}

function isFirst(format: unknown): boolean {
  return format === 1;
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isTexts(value: unknown): boolean {
  return isMap(value) && Object.values(value).every(isText);
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}

/** The last time that a date can have, in milliseconds since 1970. */
const lastTime = 8.64e15;

function isTime(value: unknown): boolean {
  return isAmount(value) && (value as number) <= lastTime;
}
