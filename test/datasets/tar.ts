/** Packs files as npm does, for tests. */
export function packTar(files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const blocks: number[] = [];
  for (const [path, text] of Object.entries(files)) {
    const header = new Uint8Array(512);
    const bytes = encoder.encode(text);
    header.set(encoder.encode(path), 0);
    header.set(encoder.encode(bytes.length.toString(8).padStart(11, "0")), 124);
    header[156] = "0".charCodeAt(0);
    header.set(encoder.encode("ustar"), 257);
    blocks.push(...header, ...bytes, ...new Uint8Array((512 - bytes.length % 512) % 512));
  }
  return Uint8Array.from([...blocks, ...new Uint8Array(1024)]);
}

/** Gzips bytes. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
