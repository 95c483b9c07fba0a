import { assertEquals } from "@std/assert";
import { makeSbom } from "./sbom.ts";

const lock = {
  specifiers: { "npm:@a/one@^1": "1.2.0", "npm:two@2.0.0": "2.0.0", "jsr:@std/path@1": "1.0.0" },
  npm: {
    "@a/one@1.2.0": {
      integrity: "sha512-AAEC",
      dependencies: ["three"],
      optionalDependencies: ["four"],
    },
    "two@2.0.0": { integrity: "sha512-/w==" },
    "three@3.0.0": {},
    "four@4.0.0": {},
  },
};

const project = { name: "@tvp/x", version: "0.1.0", license: "MIT" };

const options = {
  project,
  lock,
  imported: ["npm:@a/one@^1"],
  licenseOf: (id: string) => ({ "@a/one@1.2.0": "(MIT OR Apache-2.0)" })[id],
};

Deno.test("makeSbom() names all packages with hashes, licences and what needs what", () => {
  const { components, dependencies, metadata, ...head } = makeSbom(options);
  assertEquals(head.bomFormat, "CycloneDX");
  assertEquals(metadata.component["bom-ref"], "pkg:jsr/@tvp/x@0.1.0");
  assertEquals(components[0], {
    type: "library",
    "bom-ref": "pkg:npm/%40a/one@1.2.0",
    name: "@a/one",
    version: "1.2.0",
    scope: "required",
    hashes: [{ alg: "SHA-512", content: "000102" }],
    licenses: [{ expression: "(MIT OR Apache-2.0)" }],
    purl: "pkg:npm/%40a/one@1.2.0",
  });
  assertEquals(components.map(({ name, scope }) => `${name} ${scope}`), [
    "@a/one required",
    "four required",
    "three required",
    "two excluded",
  ]);
  assertEquals(dependencies.slice(0, 2), [
    {
      ref: "pkg:jsr/@tvp/x@0.1.0",
      dependsOn: ["pkg:npm/%40a/one@1.2.0", "pkg:npm/two@2.0.0"],
    },
    { ref: "pkg:npm/%40a/one@1.2.0", dependsOn: ["pkg:npm/four@4.0.0", "pkg:npm/three@3.0.0"] },
  ]);
});

Deno.test("makeSbom() gives equal lists for equal lock files, and others other numbers", () => {
  assertEquals(makeSbom(options), makeSbom(options));
  const other = makeSbom({ ...options, project: { ...project, version: "0.2.0" } });
  assertEquals(other.serialNumber === makeSbom(options).serialNumber, false);
});
