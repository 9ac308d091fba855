import type { Dimension, Domain } from "../domain";
import { ABSENT, type Axes, type AxisKind } from "./kernel";

/**
 * A domain as the kernel and the optimiser of the acquisition see it: coordinates with ABSENT where the domain says NaN.
 */
export interface Room {
  readonly axes: Axes;
  /** Dimensions along which a slope leads somewhere: reals, and ordinals of so many values that steps between them are small. */
  readonly smooth: readonly boolean[];
  /** Those with neighbours to try one by one. */
  readonly discrete: readonly number[];
  readonly domain: Domain;
  /** In place: each coordinate to its nearest value, ABSENT where it then does not exist. */
  snap(x: Float64Array): Float64Array;
  neighbours(x: Float64Array, d: number): Float64Array[];
  /** A coordinate of dimension d from a uniform draw. */
  draw(d: number, unit: number): number;
  /** The domain's coordinates as the kernel's, and back; in place. */
  fromDomain(x: Float64Array): Float64Array;
  toDomain(x: Float64Array): Float64Array;
}

/** With fewer values than this an ordinal is searched value by value. */
const SMOOTH_FROM = 12;

export function openRoom(domain: Domain): Room {
  const { dimensions } = domain;
  const isSmooth = ({ kind, size }: Dimension): boolean =>
    kind === "real" || (kind === "ordinal" && size >= SMOOTH_FROM);
  const toKernel = (x: Float64Array): Float64Array => {
    for (let d = 0; d < x.length; d++) if (Number.isNaN(x[d])) x[d] = ABSENT;
    return x;
  };
  const toDomain = (x: Float64Array): Float64Array => {
    for (let d = 0; d < x.length; d++) if ((x[d] as number) < 0) x[d] = Number.NaN;
    return x;
  };
  return {
    axes: { count: dimensions.length, kinds: dimensions.map(toAxisKind) },
    smooth: dimensions.map(isSmooth),
    discrete: dimensions.flatMap((dimension, d) => (dimension.kind === "real" ? [] : [d])),
    domain,
    snap: (x) => toKernel(domain.snap(toDomain(x))),
    neighbours: (x, d) => domain.neighbours(toDomain(x.slice()), d).map(toKernel),
    fromDomain: toKernel,
    toDomain,
    draw: (d, unit) => dimensions[d]?.ofDraw(unit) ?? 0,
  };
}

const toAxisKind = ({ kind, conditions }: Dimension): AxisKind =>
  kind === "category" ? "category" : conditions.length > 0 ? "conditional" : "number";
