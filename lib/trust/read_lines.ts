/** Reads what programs of others print, line by line, however long a line is. @module */

/** The lines of a stream of UTF-8, without their ends; also a last one that has no end. */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  // Parts of a line that has no end yet: each piece of the stream is looked at once.
  const open: string[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const [first = "", ...lines] = decoder.decode(chunk, { stream: true }).split("\n");
    open.push(first);
    const last = lines.pop();
    if (last === undefined) continue;
    yield open.splice(0).join("");
    yield* lines;
    open.push(last);
  }
  const rest = open.join("");
  if (rest !== "") yield rest;
}
