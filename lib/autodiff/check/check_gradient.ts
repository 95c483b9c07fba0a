/**
 * Compares gradients with differences of the function itself, along random directions, so that the
 * cost does not grow with the size of the input. Tells what differs from what merely has a kink, and
 * from what differences cannot show.
 *
 * @module
 */
import type { Model } from "../../onnx/ir/model.ts";
import { toNumbers } from "../../tensor/convert.ts";
import { Random } from "../../tensor/random.ts";
import { differentiate, type Estimate, noiseOf, stepsIn } from "./differences.ts";
import { type Line, type Side, sidesOf } from "./sides.ts";
import {
  dotAll,
  lengthOf,
  openSubject,
  type Precision,
  type RunModel,
  type Subject,
  type Tensors,
  type Vectors,
} from "./subject.ts";
import { cotangentNames, gradientNames } from "../engine/added_names.ts";
import { addGradients } from "../gradient.ts";
import type { RuleTable } from "../table/rule_table.ts";

export type { Precision, RunModel } from "./subject.ts";

/** Options of a gradient check. */
export interface CheckOptions {
  /** The compared outputs, each weighted by random numbers if its cotangent is an input. */
  readonly outputs: readonly string[];
  /** The graph inputs that are varied; they hold floats. */
  readonly wrt: readonly string[];
  readonly seed?: number;
  /** The model with gradients that is checked; default: cotangents of `outputs` added here. */
  readonly differentiated?: Model;
  /** The gradient treats rounding as the identity, so differences are computed without rounding. */
  readonly straightThrough?: boolean;
  /** Rules that replace or extend the default ones, if the gradient is added here. */
  readonly rules?: RuleTable;
}

/**
 * `ok`: gradient and differences agree. `kink`: the function has a kink at the point, and the gradient
 * is right on both sides of it. `differs`: the gradient is wrong. `inconclusive`: differences cannot
 * show it; the reason says why.
 */
export type Verdict = "ok" | "kink" | "differs" | "inconclusive";

/** The derivative in one direction, by the gradient and by differences. */
export interface GradientCheck {
  readonly verdict: Verdict;
  readonly analytic: number;
  readonly numeric: number;
  /** |analytic − numeric| over the largest of them and the typical size of a derivative here. */
  readonly error: number;
  /** Uncertainty of the differences, relative to the same size: smaller errors are not noticed. */
  readonly resolution: number;
  /** Length of the step, in units of the input's own size. */
  readonly step: number;
  /** L2 norm of the gradient, over all inputs that vary. */
  readonly norm: number;
  /** Element types in which both models were computed. */
  readonly precision: Precision;
  /**
   * How far the gradient in the model's own type is from that in float64, over the latter's norm;
   * absent where nothing was computed in float64.
   */
  readonly rounding?: number;
  /** Both are 0 as far as differences show, so the comparison says little. */
  readonly isZero?: true;
  /** The reason for a verdict other than `ok`. */
  readonly reason?: string;
}

/** Errors below this part of the derivative's size count as rounding. */
const toleranceIn: Readonly<Record<Precision, number>> = {
  float64: 1e-4,
  mixed: 1e-3,
  model: 2e-3,
};

/** An answer needs a resolution in which an error of 1 % shows. */
const neededResolution = 5e-3;

/** Slopes to the left and to the right that are farther apart, over their size, show a kink. */
const bend = 0.02;

/** Derivatives below this part of the output's own size are 0 as far as differences show. */
const flatIn: Readonly<Record<Precision, number>> = { float64: 1e-9, mixed: 1e-5, model: 1e-4 };

/**
 * Checks the gradients of a model at a point, in one direction.
 *
 * @throws {DiagnosticError} If the model cannot be differentiated.
 *
 * @example
 * ```ts
 * import { checkGradient, type RunModel } from "@tvp/pipeline/autodiff";
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { openSession } from "@tvp/pipeline/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Sin", [b.input("x", "float64", [2])]), "y");
 * const run: RunModel = async (model, feeds) => {
 *   await using session = await openSession(model, { provider: "cpu" });
 *   return await session.run(feeds);
 * };
 * const feeds = { x: { dtype: "float64", dims: [2], data: new Float64Array([0.5, 1]) } } as const;
 * const check = await checkGradient(b.finish(), feeds, run, { outputs: ["y"], wrt: ["x"] });
 * assertEquals(check.verdict, "ok");
 * ```
 */
export async function checkGradient(
  model: Model,
  feeds: Tensors,
  run: RunModel,
  options: CheckOptions,
): Promise<GradientCheck> {
  const check = await openCheck(model, feeds, run, options);
  return await check(options.wrt, options.seed ?? 0);
}

/** Checks the gradient by some names in a direction drawn from a seed. */
export type DirectionCheck = (wrt: readonly string[], seed: number) => Promise<GradientCheck>;

/**
 * Prepares checks of one gradient at one point: what does not depend on the direction is computed
 * once.
 *
 * @throws {DiagnosticError} If the model cannot be differentiated.
 *
 * @example
 * ```ts
 * import { openCheck, type RunModel } from "@tvp/pipeline/autodiff";
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { openSession } from "@tvp/pipeline/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const [x, z] = [b.input("x", "float64", [2]), b.input("z", "float64", [2])];
 * b.output(b.op("Mul", [x, z]), "y");
 * const run: RunModel = async (model, feeds) => {
 *   await using session = await openSession(model, { provider: "cpu" });
 *   return await session.run(feeds);
 * };
 * const vector = (...data: number[]) =>
 *   ({ dtype: "float64", dims: [2], data: new Float64Array(data) }) as const;
 * const feeds = { x: vector(1, 2), z: vector(3, 4) };
 * const check = await openCheck(b.finish(), feeds, run, { outputs: ["y"], wrt: ["x", "z"] });
 * for (const name of ["x", "z"]) assertEquals((await check([name], 0)).verdict, "ok");
 * ```
 */
export async function openCheck(
  model: Model,
  feeds: Tensors,
  run: RunModel,
  options: CheckOptions,
): Promise<DirectionCheck> {
  const { outputs, wrt, seed = 0, straightThrough, rules } = options;
  const differentiated = options.differentiated ?? addGradients(model, {
    cotangents: outputs,
    wrt,
    ...(rules === undefined ? {} : { rules }),
    ...(straightThrough === undefined ? {} : { straightThrough }),
  });
  const names = {
    gradients: gradientNames(model, wrt),
    cotangents: cotangentNames(model, outputs),
  };
  const asked = { model, differentiated, feeds, run, outputs, ...names, seed, straightThrough };
  const { best, plain, gradient: exact } = await openSubject(asked);
  const own = best === plain ? undefined : await plain.gradient({}, 0);
  const check = checkIn(best, feeds, exact);
  const checkOwn = own && checkIn(plain, feeds, own);
  return async (names, directionSeed) => {
    let found = await check(names, directionSeed);
    // Between float32 and float64 equal numbers may compare as different: the model as it is has the
    // last word.
    if (found.verdict !== "ok" && best.precision === "mixed" && !straightThrough) {
      const again = await checkOwn!(names, directionSeed);
      if (again.verdict !== "inconclusive" || found.verdict === "differs") found = again;
    }
    const rounded = own && roundingOf(pick(own, names), pick(exact, names));
    return straightThrough && best === plain ? onStairs(found) : { ...found, ...rounded };
  };
}

/** How far two gradients are apart, over the norm of the second. */
function roundingOf(own: Vectors, exact: Vectors): Partial<GradientCheck> {
  const names = Object.keys(exact);
  const apart = names.map((name) => lengthOf(own[name]!.map((g, i) => g - exact[name]![i]!)));
  const size = Math.hypot(...names.map((name) => lengthOf(exact[name]!)));
  const rounding = Math.hypot(...apart) / (size || 1);
  if (Number.isFinite(rounding) || !Number.isFinite(size)) return { rounding };
  return { rounding, verdict: "differs", reason: "in the model's own type it is not finite" };
}

/** Checks with one subject, of which the gradient at the point is known. */
function checkIn(subject: Subject, feeds: Tensors, gradient: Vectors): DirectionCheck {
  let noise: number | undefined;
  return async (names, seed) => {
    const direction = directionOf(names, feeds, seed);
    const line = lineOf(subject, direction);
    noise ??= await noiseOf(line.value, subject);
    const lengths = names.map((name) => lengthOf(gradient[name]!));
    const typical = Math.hypot(...names.map((name, i) => scaleOf(feeds, name) * lengths[i]!));
    const analytic = dotAll(direction, pick(gradient, names));
    const isEmpty = names.every((name) => direction[name]!.length === 0);
    const judged = isEmpty ? ofNothing : await judge({ subject, line, noise, analytic, typical });
    return { ...judged, analytic, norm: Math.hypot(...lengths), precision: subject.precision };
  };
}

/** A staircase has no derivative that a gradient through its steps could be compared with. */
function onStairs(check: GradientCheck): GradientCheck {
  return check.verdict === "ok" ? check : { ...check, verdict: "inconclusive", reason: staircase };
}

const staircase =
  "the gradient treats rounding as the identity, but the function still rounds and " +
  "is a staircase: its differences do not measure this gradient";

/** Random numbers in the size of each input. */
function directionOf(names: readonly string[], feeds: Tensors, seed: number): Vectors {
  const random = new Random(seed);
  return Object.fromEntries(names.map((name) => {
    const scale = scaleOf(feeds, name);
    const length = feeds[name]!.data.length;
    return [name, Float64Array.from({ length }, () => scale * random.normal())];
  }));
}

/** Typical size of an element; 1 if all are 0. */
function scaleOf(feeds: Tensors, name: string): number {
  const values = toNumbers(feeds[name]!);
  return lengthOf(values) / Math.sqrt(values.length) || 1;
}

function pick(vectors: Vectors, names: readonly string[]): Vectors {
  return Object.fromEntries(names.map((name) => [name, vectors[name]!]));
}

function lineOf(subject: Subject, direction: Vectors): Line {
  return {
    value: (distance) => subject.value(direction, distance),
    slope: async (distance) => dotAll(direction, await subject.gradient(direction, distance)),
  };
}

interface Case {
  readonly subject: Subject;
  readonly line: Line;
  readonly noise: number;
  readonly analytic: number;
  /** Derivative in a random direction, typically. */
  readonly typical: number;
}

type Judgement = Pick<
  GradientCheck,
  "verdict" | "numeric" | "error" | "resolution" | "step" | "isZero" | "reason"
>;

async function judge(c: Case): Promise<Judgement> {
  const { subject, line, noise, analytic, typical } = c;
  const tolerance = toleranceIn[subject.precision];
  const sizeOf = (derivative: number) =>
    Math.max(...[analytic, derivative, typical].map(Math.abs).filter(Number.isFinite), 0);
  const found = await differentiate(line.value, stepsIn[subject.precision], {
    start: subject.start,
    noise,
    enough: ({ derivative, uncertainty }) => uncertainty <= tolerance * sizeOf(derivative),
  });
  if (found === undefined) return notFinite(analytic);
  const size = Math.max(sizeOf(found.derivative), ...found.sides.map(Math.abs));
  const off = Math.abs(analytic - found.derivative);
  const judgement = {
    numeric: found.derivative,
    error: size === 0 ? 0 : off / size,
    resolution: size === 0 ? 0 : found.uncertainty / size,
    step: found.step,
  };
  if (!Number.isFinite(analytic)) {
    return { ...judgement, verdict: "differs", reason: "the gradient holds NaN or Infinity" };
  }
  if (size === 0) return { ...judgement, verdict: "ok", isZero: true };
  const agrees = off <= Math.max(tolerance * size, found.uncertainty);
  const isBent = Math.abs(found.sides[1] - found.sides[0]) > bend * size + 2 * found.uncertainty;
  if (agrees && !isBent && judgement.resolution <= neededResolution) {
    return { ...judgement, verdict: "ok" };
  }
  if (agrees && size <= flatIn[subject.precision] * subject.size) {
    return { ...judgement, verdict: "ok", isZero: true };
  }
  return { ...judgement, ...await judgeSides(c, found, { agrees, size }) };
}

/** What has no elements cannot be varied. */
const ofNothing: Judgement = {
  verdict: "inconclusive",
  numeric: 0,
  error: 0,
  resolution: Infinity,
  step: 0,
  reason: "it has no elements to vary",
};

function notFinite(analytic: number): Judgement {
  return {
    verdict: "inconclusive",
    numeric: NaN,
    error: NaN,
    resolution: Infinity,
    step: 0,
    reason: Number.isFinite(analytic)
      ? "the function is not finite around this point"
      : "neither function nor gradient is finite around this point",
  };
}

/** Where differences and gradient disagree at the point, or differences are too uncertain. */
async function judgeSides(
  { subject, line, noise }: Case,
  found: Estimate,
  { agrees, size }: { readonly agrees: boolean; readonly size: number },
): Promise<Pick<Judgement, "verdict" | "reason">> {
  const tolerance = toleranceIn[subject.precision] * size;
  for (const step of [found.step, ...stepsIn[subject.precision]]) {
    const sides = await sidesOf(line, subject.start, { step, noise });
    const off = ({ slope, mean }: Side) => Math.abs(slope - mean);
    const resolved = sides.every(({ uncertainty }) => uncertainty <= neededResolution * size);
    if (!resolved) continue;
    if (sides.every((side) => off(side) <= Math.max(tolerance, side.uncertainty))) {
      const [left, right] = sides as [Side, Side];
      const isKink = !agrees || Math.abs(right.slope - left.slope) > bend * size;
      return isKink ? { verdict: "kink", reason: kinkReason(left, right) } : { verdict: "ok" };
    }
    return { verdict: "differs" };
  }
  const again = await line.value(0);
  const draws = Math.abs(again - subject.start) > 1e-6 * subject.size;
  const reason = draws ? randomReason : unresolved(found, { agrees, size });
  return { verdict: "inconclusive", reason };
}

const randomReason = "the model gives other values each time it runs";

function unresolved(
  { uncertainty }: Estimate,
  { agrees, size }: { readonly agrees: boolean; readonly size: number },
): string {
  if (!agrees) {
    return "the function has kinks so close to each other that their slopes cannot be measured";
  }
  const percent = (100 * uncertainty / size).toPrecision(2);
  return `differences show no error below ${percent} % here, because of rounding or kinks`;
}

function kinkReason(left: Side, right: Side): string {
  const shown = (side: Side) => side.slope.toExponential(3);
  return `a kink at this point: the slope is ${shown(left)} on one side and ${
    shown(right)
  } on the ` +
    "other, and the gradient is right on both";
}
