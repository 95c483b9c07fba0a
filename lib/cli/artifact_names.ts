/** Names the artifacts in the differences of keys by the tasks that made them. @module */
import type { KeyDifference } from "../pipeline/plan/explain.ts";
import type { Json, Key } from "../pipeline/contract/key.ts";
import type { ArtifactStore } from "../pipeline/contract/store.ts";
import type { RunRecord } from "../workspace/run_record.ts";

/** `prompt[seed=0].curve` by digest. */
export type ArtifactNames = ReadonlyMap<string, string>;

/** Names of what the tasks of a run gave, as far as it is in the store. */
export async function artifactNames(
  { tasks }: Pick<RunRecord, "tasks">,
  store: ArtifactStore,
): Promise<ArtifactNames> {
  const named = await Promise.all(tasks.map(async ({ task, key }) => {
    const hit = key === undefined ? undefined : await store.get(key as Key);
    return Object.entries(hit?.outputs ?? {}).map(([output, { digest }]) =>
      [digest, `${task}.${output}`] as const
    );
  }));
  return new Map(named.flat());
}

const suffix = ".$artifact";

/** Whether a difference is one of the contents of artifacts. */
export function isOfArtifact({ field }: KeyDifference): boolean {
  return field.endsWith(suffix);
}

/** A difference for people: `parameters.curves[1]: prompt[lr=4].curve → prompt[lr=2].curve`. */
export function differenceText(
  difference: KeyDifference,
  names: { readonly before: ArtifactNames; readonly after: ArtifactNames },
  write: (value: Json | undefined) => string,
): string {
  const { field, before, after } = difference;
  const [old, now] = [names.before.get(String(before)), names.after.get(String(after))];
  if (!isOfArtifact(difference) || (old === undefined && now === undefined)) {
    return `${field}: ${write(before)} → ${write(after)}`;
  }
  const place = field.slice(0, -suffix.length);
  if (old === now) return `${place}: ${now} has changed`;
  return `${place}: ${old ?? write(before)} → ${now ?? write(after)}`;
}
