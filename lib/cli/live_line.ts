import { isRich } from "./print.ts";

/** Shows one line of progress on a terminal, and nothing where there is no terminal. */
export interface LiveLine extends Disposable {
  show(text: string): void;
}

/** Shows its line on the standard error output, and takes it away when disposed. */
export function liveLine(): LiveLine {
  const write = (text: string) => {
    if (isRich(Deno.stderr)) Deno.stderr.writeSync(new TextEncoder().encode(text));
  };
  return {
    show: (text) => write(`\r\x1b[K${text}`),
    [Symbol.dispose]: () => write("\r\x1b[K"),
  };
}
