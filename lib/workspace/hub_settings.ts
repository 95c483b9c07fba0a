/** How a hub is asked, by the variables of `huggingface_hub`. @module */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { hubCacheFolder, isOffline } from "../hub/hub_cache.ts";
import type { FetchOptions } from "../hub/hub_fetcher.ts";
import { isConfidential, shownUrl } from "../trust/urls.ts";
import { sendableToken } from "./sendable_token.ts";
import type { SourceFolders } from "./source_folders.ts";

/** How a hub is asked for what has that name, by the variables of `huggingface_hub`. */
export function hubSettings(
  { onWarning, onFetch }: SourceFolders,
  name: string,
): FetchOptions {
  const env = (variable: string) => Deno.env.get(variable);
  const endpoint = env("HF_ENDPOINT");
  const token = hubToken(endpoint, onWarning);
  return {
    cache: hubCacheFolder(env),
    offline: isOffline(env),
    onProgress: (done, total, file) => onFetch?.({ model: name, file, done, total }),
    ...(endpoint ? { endpoint } : {}),
    ...(token ? { token } : {}),
  };
}

/**
 * The token for a hub; one that would go unencrypted is not sent, with a warning.
 *
 * @throws {DiagnosticError} `bad-token`, if no request can hold it.
 */
function hubToken(
  endpoint: string | undefined,
  onWarning?: (warning: Diagnostic) => void,
): string | undefined {
  const token = sendableToken("HF_TOKEN");
  if (!token || !endpoint || !URL.canParse(endpoint) || isConfidential(endpoint)) return token;
  const message = `HF_TOKEN is not sent to ${shownUrl(endpoint)}: it would go there unencrypted`;
  onWarning?.({ code: "unencrypted", severity: "warning", message });
  return undefined;
}
