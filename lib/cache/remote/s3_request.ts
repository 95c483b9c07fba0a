/** Requests to a bucket. @module */

/** A request to a bucket. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Name of the blob below the remote's prefix. */
  readonly name: string;
  /** `uploads`, `partNumber=1&uploadId=…` */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
}

/** Sends a request and gives a good answer. @throws {RemoteFailure} what the server said against it. */
export type S3Send = (request: S3Request) => Promise<Response>;
