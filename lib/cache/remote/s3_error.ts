/** Puts the errors of S3 servers into words that help. @module */
import { refusal } from "./http_answer.ts";
import type { RemoteFailure } from "./retry.ts";
import type { S3Request } from "./s3_request.ts";

/** The bucket and its region. */
export interface S3Place {
  readonly bucket: string;
  readonly region: string;
}

const WRONG_REGION = (place: S3Place, theirs?: string): string =>
  `AWS_REGION is "${place.region}", the bucket is in ${theirs ?? "another one"}`;

/** What to do about an error code. */
const NOTES: Readonly<Record<string, (place: S3Place) => string>> = {
  NoSuchBucket: ({ bucket }) =>
    `There is no bucket "${bucket}"; another server than Amazon's is set by AWS_ENDPOINT_URL_S3`,
  InvalidAccessKeyId: () => "The server does not know AWS_ACCESS_KEY_ID",
  SignatureDoesNotMatch: () => "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID",
  AccessDenied: () =>
    "The credentials need s3:GetObject, s3:PutObject and s3:ListBucket: without the last one, " +
    "a missing object looks forbidden; without AWS_ACCESS_KEY_ID and profile, no credentials are sent",
  ExpiredToken: () => "AWS_SESSION_TOKEN has expired",
  InvalidToken: () => "AWS_SESSION_TOKEN does not belong to AWS_ACCESS_KEY_ID",
  RequestTimeTooSkewed: () => "The clock of this machine is wrong",
  PermanentRedirect: (place) => WRONG_REGION(place),
  AuthorizationHeaderMalformed: (place) => WRONG_REGION(place),
};

/** Whether an answer says that there is no such blob; one without a text may say so of the bucket. */
export async function isMissing(response: Response): Promise<boolean> {
  if (response.status !== 404) return false;
  const text = await response.clone().text();
  return text === "" || codeIn(text) === "NoSuchKey";
}

/** A failure by what the server says in XML. */
export async function refused(
  response: Response,
  { method, name }: S3Request,
  place: S3Place,
): Promise<RemoteFailure> {
  const text = (await response.text()).slice(0, 10_000);
  const code = codeIn(text);
  const message = `the server answered ${response.status}${
    code ? ` ${code}` : ""
  } to ${method} ${name}`;
  const region = response.headers.get("x-amz-bucket-region");
  const note = region !== null && region !== place.region
    ? WRONG_REGION(place, `"${region}"`)
    : NOTES[code ?? ""]?.(place);
  return refusal(response, message, note === undefined ? {} : { notes: [note] });
}

/** The code in `<Error><Code>…`. */
export function codeIn(xml: string): string | undefined {
  return valueIn(xml, "Code");
}

/** Text of the first element of a name. */
export function valueIn(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
}
