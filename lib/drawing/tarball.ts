/** Reads chosen files out of an npm tarball. @module */

const blockBytes = 512;
const decoder = new TextDecoder();

function text(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

/** Undoes gzip. */
export async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The files of a ustar archive as npm packs them, by their path without the leading `package/`.
 *
 * @throws {SyntaxError} If the archive ends inside a file.
 */
export function readTar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let offset = 0;
  while (offset + blockBytes <= archive.length && archive[offset] !== 0) {
    const header = archive.subarray(offset, offset + blockBytes);
    const prefix = text(header, 345, 155);
    const path = (prefix === "" ? "" : `${prefix}/`) + text(header, 0, 100);
    const size = parseInt(text(header, 124, 12).trim(), 8);
    const type = String.fromCharCode(header[156]!);
    const start = offset + blockBytes;
    if (!(start + size <= archive.length)) {
      throw new SyntaxError(
        `Cannot read tar archive: file "${path}" of ${size} bytes at ${start} passes its end at ${archive.length}`,
      );
    }
    if (type === "0" || type === "\0") {
      files.set(path.replace(/^[^/]*\//, ""), archive.subarray(start, start + size));
    }
    offset = start + Math.ceil(size / blockBytes) * blockBytes;
  }
  return files;
}
