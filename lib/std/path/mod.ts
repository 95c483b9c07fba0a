/**
 * `@std/path` from the npm build of the standard library. That build asks `process` for the system
 * and the folder, at which Deno loads a good part of Node; here both come from `Deno`.
 *
 * @module
 */
import * as posix from "npm:deno-std@1.4.0/path/posix/mod.js";
import * as windows from "npm:deno-std@1.4.0/path/windows/mod.js";

type Join = (...parts: string[]) => string;
type One = (path: string) => string;

const path = Deno.build.os === "windows" ? windows : posix;

export const join: Join = path.join as Join;
export const resolve: Join = (...parts) => path.resolve(Deno.cwd(), ...parts);
export const basename: (path: string, suffix?: string) => string = path.basename;
export const dirname: One = path.dirname as One;
export const extname: One = path.extname as One;
export const normalize: One = path.normalize as One;
export const isAbsolute: (path: string) => boolean = path.isAbsolute;
export const relative = (from: string, to: string): string =>
  path.relative(resolve(from), resolve(to));
export const fromFileUrl: (url: URL | string) => string = path.fromFileUrl;
export const toFileUrl: (path: string) => URL = path.toFileUrl;
