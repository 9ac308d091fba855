import { describe, expect, test } from "vitest";
import { openSobolPoints } from "@/compute/search/sobol";
import type { Parameter, Parameters } from "@/core/parameter";
import { toNumber } from "@/core/value";
import { describePoints, toHex } from "../../contract/points";

describePoints("sobol");

const space = (entries: Record<string, Parameter>): Parameters => new Map(Object.entries(entries));

describe("a Sobol search", () => {
  const x: Parameter = { kind: "uniform", min: 0, max: 1 };
  const y: Parameter = { kind: "log_uniform_values", min: 1, max: 1024 };

  test("fills each of 64 slices of each parameter with one of its first 64 points", () => {
    const points = openSobolPoints({ parameters: space({ x, y }), repeats: 1 }, "7");
    const first = Array.from({ length: 64 }, (_, k) => points.at(BigInt(k)).params);
    const slices = first.map(({ x: value }) => Math.floor((toNumber(value ?? 0) ?? 0) * 64));
    expect(slices.sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    const logs = first.map(({ y: value }) => Math.floor(Math.log2(toNumber(value ?? 0) ?? 0) * 6.4));
    expect(new Set(logs).size).toBe(64);
  });

  test("goes through a finite space once, its first points evenly", () => {
    const n: Parameter = { kind: "int_uniform", min: 0, max: 15 };
    const c: Parameter = { kind: "categorical", values: ["a", "b", "c", "d"] };
    const points = openSobolPoints({ parameters: space({ c, n }), repeats: 1 }, "7");
    expect([points.size, points.count]).toEqual([64n, 64n]);
    const all = Array.from({ length: 64 }, (_, k) => points.at(BigInt(k)));
    expect(new Set(all.map(({ hash }) => toHex(hash))).size).toBe(64);
    expect(new Set(all.slice(0, 16).map(({ params }) => params.n)).size).toBeGreaterThan(13);
  });
});
