/** Finds the keys of requests to S3 where the tools of AWS look for them. @module */
import { unsendable, unsendableNote } from "../../trust/header_value.ts";
import {
  type NamedProfile,
  S3SettingError,
  type S3Surroundings,
  type Settings,
} from "./aws_profile.ts";

/** Credentials of requests. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const keyNames = ["aws_access_key_id", "aws_secret_access_key"] as const;

/** Where keys may lie, and the names of both there. */
interface KeyPlace {
  readonly from: string;
  readonly names: readonly [id: string, secret: string];
  get(name: string): string | undefined;
  readonly token: string | undefined;
  /** Ways to get keys that go before the next place. */
  readonly then: readonly OtherWay[];
}

/** A way to get keys that only AWS's own tools go, and what is set for it. */
interface OtherWay {
  readonly setting: string;
  readonly isSet: boolean;
  /** The profile that sets it; without, a variable does. */
  readonly profile?: string;
}

/** The places in the order in which AWS's tools look for keys. */
function keyPlaces(
  { env }: S3Surroundings,
  { name, config, credentials, settings }: NamedProfile,
): readonly KeyPlace[] {
  const fileOf = (from: string, own: Settings | undefined) => ({
    from: `profile "${name}" of ${from}`,
    names: keyNames,
    get: (key: string) => own?.[key],
    token: own?.["aws_session_token"] || own?.["aws_security_token"],
  });
  const ofProfile = (...kinds: string[]): OtherWay[] =>
    kinds.map((setting) => ({ setting, isSet: Boolean(settings[setting]), profile: name }));
  const ofProcess = (...variables: string[]): OtherWay[] =>
    variables.map((setting) => ({ setting, isSet: Boolean(env(setting)) }));
  return [
    {
      from: "the environment",
      names: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
      get: env,
      token: env("AWS_SESSION_TOKEN") || env("AWS_SECURITY_TOKEN"),
      then: [
        // Keys of files beside a role are those that may take it, and not the role's.
        ...ofProfile("role_arn"),
        ...ofProcess("AWS_WEB_IDENTITY_TOKEN_FILE"),
        ...ofProfile("sso_session", "sso_start_url"),
      ],
    },
    {
      ...fileOf("~/.aws/credentials", credentials),
      then: ofProfile("login_session", "credential_process"),
    },
    {
      ...fileOf("~/.aws/config", config),
      then: ofProcess(
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
      ),
    },
  ];
}

/**
 * The keys of requests; `undefined` where there are none.
 *
 * @throws {S3SettingError} If they are half there, cannot be sent, or come in a way not known here.
 */
export function readCredentials(
  surroundings: S3Surroundings,
  profile: NamedProfile,
): S3Credentials | undefined {
  for (const place of keyPlaces(surroundings, profile)) {
    const found = keysIn(place);
    if (found !== undefined) return found;
    place.then.forEach(refuseOtherWay);
  }
  return undefined;
}

function keysIn({ from, names, get, token }: KeyPlace): S3Credentials | undefined {
  const [accessKeyId, secretAccessKey] = names.map((name) => get(name) || undefined);
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    refuseUnsendable(from, [[names[0], accessKeyId], ["the session token", token ?? ""]]);
    return { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) };
  }
  const [there, missing] = accessKeyId === undefined ? names.toReversed() : names;
  throw new S3SettingError(`${from} has ${there} without ${missing}`, `Set ${missing} there too`);
}

/** The secret itself is never sent. */
function refuseUnsendable(from: string, sent: readonly (readonly [string, string])[]): void {
  const cause = sent.map(([name, text]) => unsendable(name, text)).find(Boolean);
  if (cause === undefined) return;
  throw new S3SettingError(`in ${from}, ${cause}`, unsendableNote);
}

function refuseOtherWay({ setting, isSet, profile }: OtherWay): void {
  if (!isSet) return;
  const from = profile === undefined ? "the environment gives" : `profile "${profile}" gets its`;
  const option = profile === undefined ? "" : ` --profile ${profile}`;
  throw new S3SettingError(
    `${from} keys by ${setting}, which is not supported`,
    `Put keys into the environment: eval "$(aws configure export-credentials${option} --format env)"`,
  );
}
