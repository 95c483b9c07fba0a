/** Compares this pipeline with a signed report: the keys, and the sources. @module */
import { explainKey } from "../pipeline/plan/explain.ts";
import type { Plan, Task } from "../pipeline/plan/plan.ts";
import {
  namesIn,
  type OutputsOf,
  type ResolvedTask,
  resolveTask,
  type SourceResolver,
} from "../pipeline/plan/resolve.ts";
import { sourceKey } from "../pipeline/contract/slot.ts";
import type { ContentDigests } from "../pipeline/contract/store.ts";
import type { SignedSource, SignedTask } from "./statement.ts";

/** What resolves the names of a plan. */
export interface Resolving {
  readonly plan: Plan;
  readonly digests: ContentDigests;
  readonly resolver: SourceResolver;
}

/** A task whose key is another one here. */
export interface OtherKey {
  readonly task: string;
  /** Fields of the key that differ; none where there is no such task. */
  readonly fields: readonly string[];
}

/**
 * Tasks whose keys are not the signed ones. Nothing is run for it: what tasks take of one another is
 * taken as signed.
 */
export async function compareKeys(
  signed: ReadonlyMap<string, SignedTask>,
  tasks: readonly Task[],
  resolving: Resolving,
): Promise<readonly OtherKey[]> {
  const here = new Set(tasks.map(({ id }) => id));
  const gone = [...signed.keys()].filter((id) => !here.has(id));
  const found = await Promise.all(tasks.map((task) => otherKey(task, signed, resolving)));
  return [...found.flat(), ...gone.map((task) => ({ task, fields: [] }))];
}

async function otherKey(
  task: Task,
  signed: ReadonlyMap<string, SignedTask>,
  resolving: Resolving,
): Promise<OtherKey[]> {
  const claim = signed.get(task.id);
  const isWhole = task.needs.every((need) => signed.has(resolving.plan.tasks[need]!.id));
  if (claim === undefined || !isWhole) return [{ task: task.id, fields: [] }];
  const outputsOf = signedOutputs(signed, resolving.plan);
  const { key, preimage } = await resolve(task, { ...resolving, outputsOf, claim });
  if (key === claim.key) return [];
  const fields = explainKey(claim.preimage, preimage).map(({ field }) => field);
  return [{ task: task.id, fields }];
}

function resolve(
  task: Task,
  { plan, resolver, digests, outputsOf, claim }: Resolving & {
    readonly outputsOf: OutputsOf;
    readonly claim: SignedTask;
  },
): Promise<ResolvedTask> {
  const { provider } = claim.preimage;
  return resolveTask(task, {
    resolver,
    outputsOf,
    codeOf: (module) => digests.code(new URL(module)),
    hidden: plan.hidden,
    ...(provider === undefined ? {} : { provider }),
  });
}

/** Outputs as signed: digests without files, which is all that a key needs. */
function signedOutputs(signed: ReadonlyMap<string, SignedTask>, plan: Plan): OutputsOf {
  return (need) => {
    const { outputs } = signed.get(plan.tasks[need]!.id)!;
    const artifacts = Object.entries(outputs).map(([name, { type, digest }]) =>
      [name, { type, digest, path: "" }] as const
    );
    return Object.fromEntries(artifacts);
  };
}

/** Names that the parameters of tasks hold, each once, and what they represent here. */
export async function sourcesOf(
  tasks: readonly Task[],
  { resolver }: Pick<Resolving, "resolver">,
): Promise<readonly SignedSource[]> {
  const slots = tasks.flatMap((task) => namesIn(task.slots));
  const each = new Map(slots.map((slot) => [sourceKey(slot.kind, slot.value as string), slot]));
  return await Promise.all(
    [...each.values()].map(async ({ kind, value }) => {
      const { digest } = await resolver.open(kind, value as string);
      return { kind: kind.kind, name: value as string, digest };
    }),
  );
}
