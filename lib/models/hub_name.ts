/** Names of models on a hub. @module */

/** A model on a hub, as `hf://owner/name[@revision]` names it. */
export interface HubModel {
  readonly owner: string;
  readonly name: string;
  /** Branch, tag, `refs/pr/1`, or commit. */
  readonly revision: string;
}

/**
 * Takes apart `hf://owner/name[@revision]`. A revision is a branch, a tag, a commit or `refs/pr/1`:
 * whatever git takes as the name of a reference.
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
