import { nextUnit, type Words } from "@/math/forest/words";
import { normalPpf } from "@/math/special";
import { solveLower, solveLowerTransposed } from "@/math/triangular";
import { ABSENT, type AxisKind, distance, matern } from "../search/gp/kernel";
import type { Model } from "../search/gp/posterior";

/**
 * Functions that a Gaussian process believes in: its mean, and draws of whole functions from its posterior by Matheron's rule
 * (Wilson et al., "Efficiently sampling functions from Gaussian process posteriors", ICML 2020).
 *
 * | symbol | meaning                                                                                        | shape     |
 * | ------ | ---------------------------------------------------------------------------------------------- | --------- |
 * | n, D   | points of the model; dimensions                                                                |           |
 * | S      | draws; with the mean, which stands first, S + 1 functions                                        |           |
 * | F      | features: φ_f(x) = √(2 a / F) cos(ω_f · z(x) + b_f), with ω of a multivariate t with 5 degrees of freedom, the spectrum of Matérn-5/2 |  |
 * | z(x)   | the point whose Euclidean distances are the kernel's: √w u, of a category its corner of a simplex, of a conditional dimension a place on an arc or its middle | |
 * | θ_s    | independent normals                                                                            | F         |
 * | α_0    | K⁻¹ y                                                                                          | n         |
 * | α_s    | K⁻¹ (y - Φ θ_s - ε_s), ε_s noise as each point's                                                 | n         |
 *
 * f_s(x) = φ(x)ᵀθ_s + a k(x)ᵀα_s. All share the kernel and the features of a point; a change of one coordinate costs n + F.
 */
export class Paths {
  readonly functions: number;
  private readonly kinds: readonly AxisKind[];
  private readonly alphas: Float64Array;
  private readonly thetas: Float64Array;
  private readonly phases: Float64Array;
  /** Of each dimension two frequencies a feature; of a category's as many as it has codes. */
  private readonly frequencies: readonly Float64Array[];

  private readonly x: Float64Array;
  private readonly q: Float64Array;
  private readonly turn: Float64Array;
  private readonly changedQ: Float64Array;
  private readonly changedTurn: Float64Array;

  constructor(
    private readonly model: Model,
    y: Float64Array,
    /** Codes of each category, one for "no value" included; 0 of numbers. */
    sizes: readonly number[],
    draws: number,
    private readonly features: number,
    words: Words,
  ) {
    const { axes, rows } = model;
    this.functions = draws + 1;
    this.kinds = axes.kinds;
    const normal = () => normalPpf(Math.min(Math.max(nextUnit(words), 1e-9), 1 - 1e-9));
    const chi = Float64Array.from({ length: features }, () => {
      let sum = 0;
      for (let i = 0; i < 5; i++) sum += normal() ** 2;
      return Math.sqrt(5 / sum);
    });
    this.frequencies = axes.kinds.map((kind, d) => {
      const each = kind === "category" ? (sizes[d] as number) : 2;
      // Two corners of a simplex are √2 apart.
      const scale = Math.sqrt((model.hyper.w[d] as number) / (kind === "category" ? 2 : 1));
      return Float64Array.from(
        { length: each * features },
        (_, i) => scale * normal() * (chi[i % features] as number),
      );
    });
    this.phases = Float64Array.from({ length: features }, () => 2 * Math.PI * nextUnit(words));
    const amplitude = Math.sqrt((2 * model.hyper.a) / features);
    this.thetas = new Float64Array(features * this.functions);
    for (let f = 0; f < features; f++)
      for (let s = 1; s < this.functions; s++) this.thetas[f * this.functions + s] = amplitude * normal();
    this.x = new Float64Array(axes.count);
    this.q = new Float64Array(rows);
    this.changedQ = new Float64Array(rows);
    this.turn = new Float64Array(features);
    this.changedTurn = new Float64Array(features);
    this.alphas = new Float64Array(rows * this.functions);
    this.condition(y, normal);
  }

  private condition(y: Float64Array, normal: () => number): void {
    const { model, functions, alphas } = this;
    const { rows, capacity, L, X, noise, axes } = model;
    const residuals = new Float64Array(functions * rows);
    const out = new Float64Array(functions);
    for (let i = 0; i < rows; i++) {
      for (let d = 0; d < axes.count; d++) this.x[d] = X[d * capacity + i] as number;
      this.turnTo();
      out.fill(0);
      this.addFeatures(this.turn, out);
      const sd = Math.sqrt(noise[i] as number);
      for (let s = 0; s < functions; s++)
        residuals[s * rows + i] = (y[i] as number) - (s === 0 ? 0 : (out[s] as number) + sd * normal());
    }
    for (let s = 0; s < functions; s++) {
      const own = residuals.subarray(s * rows, (s + 1) * rows);
      solveLower(L, rows, capacity, own, own);
      solveLowerTransposed(L, rows, capacity, own, own);
      for (let i = 0; i < rows; i++) alphas[i * functions + s] = model.hyper.a * (own[i] as number);
    }
  }

  /** Kernels and features that an evaluation takes. */
  get cost(): number {
    return this.q.length + this.features;
  }

  /** A point to change coordinates of: in the kernel's coordinates. */
  moveTo(x: Float64Array): void {
    const { q, model } = this;
    this.x.set(x);
    q.fill(0);
    for (let d = 0; d < this.kinds.length; d++)
      this.addDistances(d, x[d] as number, 1, model.hyper.w[d] as number, q);
    this.turnTo();
  }

  /** Values of all functions at the point. */
  values(out: Float64Array): void {
    this.changedQ.set(this.q);
    this.evaluate(this.changedQ, this.turn, out);
  }

  /** The same with one coordinate another, or two. */
  valuesWith(d: number, to: number, out: Float64Array, other = -1, otherTo = 0): void {
    this.changedQ.set(this.q);
    this.changedTurn.set(this.turn);
    this.change(d, to);
    if (other >= 0) this.change(other, otherTo);
    this.evaluate(this.changedQ, this.changedTurn, out);
  }

  private change(d: number, to: number): void {
    const w = this.model.hyper.w[d] as number;
    const from = this.x[d] as number;
    if (from === to) return;
    this.addDistances(d, from, -1, w, this.changedQ);
    this.addDistances(d, to, 1, w, this.changedQ);
    this.addTurns(d, from, -1, this.changedTurn);
    this.addTurns(d, to, 1, this.changedTurn);
  }

  private addDistances(d: number, at: number, sign: number, weight: number, q: Float64Array): void {
    const { X, capacity, rows } = this.model;
    const start = d * capacity;
    const w = sign * weight;
    const kind = this.kinds[d] as AxisKind;
    if (kind === "number")
      for (let i = 0; i < rows; i++) {
        const apart = at - (X[start + i] as number);
        q[i] = (q[i] as number) + w * apart * apart;
      }
    else if (kind === "category") {
      for (let i = 0; i < rows; i++) if (at !== X[start + i]) q[i] = (q[i] as number) + w;
    } else
      for (let i = 0; i < rows; i++) q[i] = (q[i] as number) + w * distance(kind, at, X[start + i] as number);
  }

  private turnTo(): void {
    this.turn.set(this.phases);
    for (let d = 0; d < this.kinds.length; d++) this.addTurns(d, this.x[d] as number, 1, this.turn);
  }

  private addTurns(d: number, at: number, sign: number, turn: Float64Array): void {
    const { features } = this;
    const own = this.frequencies[d] as Float64Array;
    const kind = this.kinds[d];
    if (kind === "category") {
      // The one without a value is the last.
      const code = at === ABSENT ? own.length / features - 1 : at;
      for (let f = 0; f < features; f++)
        turn[f] = (turn[f] as number) + sign * (own[code * features + f] as number);
      return;
    }
    if (kind === "conditional" && at === ABSENT) return;
    const [first, second] = kind === "number" ? [sign * at, 0] : [sign * Math.cos(at), sign * Math.sin(at)];
    for (let f = 0; f < features; f++)
      turn[f] = (turn[f] as number) + first * (own[f] as number) + second * (own[features + f] as number);
  }

  private evaluate(q: Float64Array, turn: Float64Array, out: Float64Array): void {
    const { functions, alphas } = this;
    // What was subtracted may leave less than nothing by rounding.
    for (let i = 0; i < q.length; i++) if ((q[i] as number) < 0) q[i] = 0;
    matern(q, q.length, null);
    out.fill(0);
    for (let i = 0, at = 0; i < q.length; i++) {
      const k = q[i] as number;
      for (let s = 0; s < functions; s++) out[s] = (out[s] as number) + k * (alphas[at++] as number);
    }
    this.addFeatures(turn, out);
  }

  private addFeatures(turn: Float64Array, out: Float64Array): void {
    const { functions, thetas, features } = this;
    for (let f = 0, at = 0; f < features; f++) {
      const wave = Math.cos(turn[f] as number);
      for (let s = 0; s < functions; s++) out[s] = (out[s] as number) + wave * (thetas[at++] as number);
    }
  }
}
