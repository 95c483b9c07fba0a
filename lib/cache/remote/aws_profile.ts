/** Settings of a profile in the shared files of AWS's tools, by their rules. @module */
import { join } from "@std/path";

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
  /** The settings of both files; those of `credentials` go before those of `config`. */
  readonly settings: Settings;
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
  const secret = parseSections(credentials).get(name);
  const settings = { ...own, ...secret };
  const named = settings["services"];
  const services = named ? sections.get(`services ${named}`) : undefined;
  return {
    config: own,
    credentials: secret,
    settings,
    s3: { ...nestedIn(settings, "s3"), ...nestedIn(services ?? {}, "s3") },
    ...(named ? { services: { name: named, isThere: services !== undefined } } : {}),
  };
}

function nestedIn(settings: Settings, name: string): Settings {
  const own = Object.entries(settings).filter(([key]) => key.startsWith(`${name}.`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]));
}

/** The process's environment and files, or a test's. */
export interface S3Surroundings {
  env(name: string): string | undefined;
  /** Text of a file, if it can be read. */
  read(path: string): string | undefined;
}

/** A setting that cannot be used, and what to do. */
export class S3SettingError extends TypeError {
  override readonly name = "S3SettingError";
  readonly note: string;

  constructor(cause: string, note: string) {
    super(cause);
    this.note = note;
  }
}

/** `~/x` → `/home/me/x`. */
export function inHome(path: string, env: S3Surroundings["env"]): string {
  return path.replace(/^~(?=[/\\])/, env("HOME") || env("USERPROFILE") || "");
}

/** A profile, and its name. */
export interface NamedProfile extends Profile {
  readonly name: string;
}

/** The profile that the environment names. @throws {S3SettingError} If it is not there. */
export function readProfile({ env, read }: S3Surroundings): NamedProfile {
  const file = (variable: string, name: string) =>
    read(inHome(env(variable) || join("~", ".aws", name), env)) ?? "";
  const name = env("AWS_PROFILE") || env("AWS_DEFAULT_PROFILE") || "default";
  const profile = findProfile(
    name,
    file("AWS_CONFIG_FILE", "config"),
    file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
  );
  if (name !== "default" && profile.config === undefined && profile.credentials === undefined) {
    throw new S3SettingError(
      `there is no profile "${name}" in ~/.aws/config and ~/.aws/credentials`,
      "AWS_PROFILE names the profile",
    );
  }
  const { services } = profile;
  if (services !== undefined && !services.isThere) {
    throw new S3SettingError(
      `profile "${name}" has services = ${services.name}, and ~/.aws/config has no such section`,
      `Add a section [services ${services.name}], or remove the line`,
    );
  }
  return { ...profile, name };
}
