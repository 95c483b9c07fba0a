/** Removes secrets from URLs. @module */

/** A URL for people: without user, password, query and fragment. */
export function shownUrl(url: URL | string): string {
  const shown = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (shown === undefined || (shown.host === "" && shown.protocol !== "file:")) {
    return withoutUser(String(url)).replace(/[?#].*$/s, "");
  }
  shown.username = "";
  shown.password = "";
  shown.search = "";
  shown.hash = "";
  return shown.href;
}

/** What is no URL may have a password all the same: it stands in front of the last `@`. */
function withoutUser(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1");
}

/** User and password of URLs within a text, and what signs a URL in its query. */
const passwords = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi;
const signatures =
  /([?&](?:[\w.-]*(?:signature|credential|token|secret|password|api_?key|sig))=)[^\s&#"'<>]+/gi;

/** A text without the passwords in its URLs. */
export function withoutPasswords(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(passwords, "$1").replace(signatures, "$1…");
}

/** Whether nobody on the way reads what is sent to a URL: it is encrypted, or stays on this machine. */
export function isConfidential(url: URL | string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || isLoopback(hostname);
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}
