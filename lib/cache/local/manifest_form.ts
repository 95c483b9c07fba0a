/** What a manifest has to be: a crash, a full disk or another program may have damaged its file. @module */
import { artifactTypes } from "../../pipeline/contract/stage.ts";
import { isDigest } from "../digest/digest.ts";
import type { StoredManifest } from "./store.ts";

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

/** Whether a value is a manifest, whole and of this version. */
export function isStoredManifest(value: unknown): value is StoredManifest {
  return has(value, {
    format: (format) => format === 1,
    key: isDigest,
    preimage: (preimage) => has(preimage, preimageFields),
    outputs: (outputs) => isMap(outputs) && Object.values(outputs).every(isOutput),
    durationMs: isAmount,
    storedAt: isAmount,
    host: (host) => has(host, hostFields),
  });
}

const preimageFields: Readonly<Record<string, Check>> = {
  format: (format) => format === 1,
  stage: isText,
  code: isDigest,
  parameters: (parameters) => parameters !== undefined,
  environment: isTexts,
};

const hostFields: Readonly<Record<string, Check>> = {
  provider: (provider) => provider === undefined || isText(provider),
  versions: isTexts,
};

function isOutput(value: unknown): boolean {
  return has(value, {
    type: (type) => (artifactTypes as readonly unknown[]).includes(type),
    digest: isDigest,
    bytes: isAmount,
    files: isAmount,
  });
}

function has(value: unknown, fields: Readonly<Record<string, Check>>): boolean {
  return isMap(value) && Object.entries(fields).every(([name, is]) => is(value[name]));
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
