/** `@std/path` from the npm build of the standard library. @module */
import * as path from "npm:deno-std@1.4.0/path/mod.js";

type Join = (...parts: string[]) => string;
type One = (path: string) => string;

export const join: Join = path.join as Join;
export const resolve: Join = path.resolve as Join;
export const basename: (path: string, suffix?: string) => string = path.basename;
export const dirname: One = path.dirname as One;
export const extname: One = path.extname as One;
export const normalize: One = path.normalize as One;
export const isAbsolute: (path: string) => boolean = path.isAbsolute;
export const relative: (from: string, to: string) => string = path.relative;
export const fromFileUrl: (url: URL | string) => string = path.fromFileUrl;
export const toFileUrl: (path: string) => URL = path.toFileUrl;
