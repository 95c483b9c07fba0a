/** Names of models and data sets on a hub. @module */

/** A model on a hub, as `hf://owner/name[@revision]` names it, or a data set. */
export interface HubModel {
  /** Default models. */
  readonly kind?: "models" | "datasets";
  readonly owner: string;
  readonly name: string;
  /** Branch, tag, `refs/pr/1`, or commit. */
  readonly revision: string;
}

/**
 * Takes apart `hf://owner/name[@revision]`. A revision is a branch, a tag, a commit or `refs/pr/1`:
 * any name that git takes for a reference.
 *
 * @returns Undefined for anything else.
 */
export function parseHubName(text: string): HubModel | undefined {
  const match = /^hf:\/\/(\w[\w.-]*)\/(\w[\w.-]*)(?:@([^\s~^:?*[\\\p{Cc}]+))?$/u.exec(text);
  const [, owner, name, revision = "main"] = match ?? [];
  if (owner === undefined || name === undefined || /\.\.|@\{|^[-/]/.test(revision)) {
    return undefined;
  }
  return { owner, name, revision };
}

/** Files of a data set on a hub. */
export interface HubData {
  readonly repository: HubModel;
  /** A folder or a file in it, or a pattern with `*`; empty where all are meant. */
  readonly path: string;
}

/** The branch to which the hub writes all data sets as Parquet, and what its own names call it. */
const converted = { written: "~parquet", revision: "refs/convert/parquet" };

/**
 * Takes apart `hf://datasets/owner/name[@revision][/path]`. `~parquet` means the hub's own branch
 * of Parquet files, `refs/convert/parquet`; slashes in other revisions are written `%2F`.
 *
 * @returns Undefined for anything else.
 */
export function parseHubData(text: string): HubData | undefined {
  const match = /^hf:\/\/datasets\/([^/@]+\/[^/@]+)(?:@([^/]+))?(?:\/(.*))?$/.exec(text);
  const [, repository, revision = "main", path = ""] = match ?? [];
  const named = revision === converted.written ? converted.revision : decoded(revision);
  const found = named && repository && parseHubName(`hf://${repository}@${named}`);
  return found ? { repository: { ...found, kind: "datasets" }, path } : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** As messages name a repository. */
export function hubName({ kind, owner, name, revision }: HubModel): string {
  const place = kind === "datasets" ? "datasets/" : "";
  return `hf://${place}${owner}/${name}@${revision}`;
}
