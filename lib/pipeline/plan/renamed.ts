/** Old names in the parameters of a stage: they are read as the new ones, with a warning. @module */
import type { Renamed, Stage } from "../contract/stage.ts";
import type { DocumentPath, Problem } from "../read/problem.ts";

/** Parameters by their new names, and warnings about the old ones. */
export interface NewNames {
  readonly written: unknown;
  readonly problems: readonly Problem[];
}

/** Puts new names in place of old ones. What is given by both names is a mistake. */
export function withNewNames(
  { renamed }: Pick<Stage, "renamed">,
  { written, base }: { readonly written: unknown; readonly base: DocumentPath },
): NewNames {
  if (renamed === undefined || typeof written !== "object" || written === null) {
    return { written, problems: [] };
  }
  const problems: Problem[] = [];
  const entries = Object.entries(written).map(([name, value]) => {
    const newName = own(renamed.parameters, name) ?? name;
    const newValue = typeof value === "string" ? own(renamed.words?.[newName], value) : undefined;
    const path = [...base, name];
    if (newName !== name) {
      const isTwice = Object.hasOwn(written, newName);
      problems.push(
        isTwice ? twice(name, newName, path) : isNow([name, newName], { path, part: "key" }),
      );
    }
    if (newValue !== undefined) {
      problems.push(isNow([value, newValue], { path, value }));
    }
    return [newName, newValue ?? value] as const;
  });
  return { written: Object.fromEntries(entries), problems };
}

/** The name under which a parameter is written: the new one, or an old one. */
export function writtenName(
  renamed: Renamed | undefined,
  name: string,
  written: Readonly<Record<string, unknown>> = {},
): string {
  if (Object.hasOwn(written, name)) return name;
  const old = Object.entries(renamed?.parameters ?? {}).find(([before, after]) =>
    after === name && Object.hasOwn(written, before)
  );
  return old?.[0] ?? name;
}

function own(table: Readonly<Record<string, string>> | undefined, name: string) {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}

function isNow(
  [before, after]: readonly [string, string],
  place: Pick<Problem, "path" | "part" | "value">,
): Problem {
  return {
    ...place,
    code: "renamed",
    severity: "warning",
    same: `renamed ${before}`,
    message: `"${before}" is now called "${after}"; the old name will be removed`,
  };
}

function twice(before: string, after: string, path: Problem["path"]): Problem {
  return {
    code: "renamed",
    path,
    part: "key",
    message: `Cannot use both "${after}" and "${before}", its old name`,
    notes: [`leave out "${before}"`],
  };
}
