/** Settings of a profile in the shared files of AWS's tools, by their rules. @module */

/** Settings by name, in lower case; those of a nested section as `s3.endpoint_url`. */
export type Settings = Readonly<Record<string, string>>;

/** Settings by section, as the section is written: `default`, `profile dev`, `services mine`. */
export type Sections = ReadonlyMap<string, Settings>;

const comment = /^\s*(?:[#;]|$)/;

/**
 * Reads an INI file as AWS's tools do: names of settings in any case, indented lines below a setting
 * without a value are nested in it, sections of one name are one.
 */
function parseSections(text: string): Sections {
  const sections = new Map<string, Record<string, string>>();
  let settings: Record<string, string> = {};
  let nested: string | undefined;
  for (const line of text.replace(/^\ufeff/, "").split(/\r?\n/)) {
    if (comment.test(line)) continue;
    const heading = /^\[(.*)\]/.exec(line)?.[1];
    if (heading !== undefined) {
      const name = sectionName(heading);
      settings = sections.get(name) ?? {};
      sections.set(name, settings);
      nested = undefined;
      continue;
    }
    const [, indent, name, value] = /^(\s*)([^\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase();
    if (indent !== "" && nested !== undefined) settings[`${nested}.${key}`] = withoutComment(value);
    else {
      settings[key] = withoutComment(value);
      nested = settings[key] === "" ? key : undefined;
    }
  }
  return sections;
}

const withoutComment = (value: string) => value.replace(/(?:^|\s)[#;].*$/, "").trimEnd();

/** `profile  "my name"` → `profile my name`. */
function sectionName(heading: string): string {
  return heading.trim().replace(/\s+/g, " ").replace(/^(\S+) (["'])(.*)\2$/, "$1 $3");
}

/** A profile as both files have it; `undefined` where a file has none. */
export interface Profile {
  readonly config: Settings | undefined;
  readonly credentials: Settings | undefined;
  /** What the profile's `services` says of S3, such as `endpoint_url`. */
  readonly s3: Settings;
  /** The section that the profile's `services` names. */
  readonly services?: { readonly name: string; readonly isThere: boolean };
}

/** The profile of a name in the texts of `config` and `credentials`. */
export function findProfile(name: string, config: string, credentials: string): Profile {
  const sections = parseSections(config);
  const own = sections.get(`profile ${name}`) ??
    (name === "default" ? sections.get("default") : undefined);
  const named = own?.["services"];
  const services = named ? sections.get(`services ${named}`) : undefined;
  return {
    config: own,
    credentials: parseSections(credentials).get(name),
    s3: { ...nestedIn(own ?? {}, "s3"), ...nestedIn(services ?? {}, "s3") },
    ...(named ? { services: { name: named, isThere: services !== undefined } } : {}),
  };
}

function nestedIn(settings: Settings, name: string): Settings {
  const own = Object.entries(settings).filter(([key]) => key.startsWith(`${name}.`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]));
}
