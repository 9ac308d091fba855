"use client";

import { useMemo } from "react";
import { SPREADS, type Spread } from "@/ui/charts/prepare/chart-lines";
import type { Along } from "@/ui/charts/prepare/lines";
import { FLAG, oneOf, type ParamCodec, TEXT, useAddress, useParam, within } from "./use-param";

/** How a page's metric charts are drawn, all alike; it stands in the address. */
export interface ChartSettings {
  readonly along: Along;
  readonly range: readonly [number, number] | undefined;
  readonly smoothing: number;
  readonly log: boolean;
  readonly logX: boolean;
  readonly clip: boolean;
  /** A dimension's id, empty for none. */
  readonly group: string;
  readonly spread: Spread;
  setAlong(along: Along): void;
  setRange(range: readonly [number, number] | undefined): void;
  setSmoothing(weight: number): void;
  setLog(on: boolean): void;
  setLogX(on: boolean): void;
  setClip(on: boolean): void;
  setGroup(id: string): void;
  setSpread(spread: Spread): void;
}

export const MOST_SMOOTHING = 0.99;

const STEPS: Along = { kind: "step" };
const WORDS: Readonly<Record<string, Along>> = { elapsed: { kind: "elapsed" }, clock: { kind: "clock" } };
/** `elapsed`, `clock`, or a metric as `m.epoch`; steps stand in no address. */
const ALONG: ParamCodec<Along> = {
  read: (text = "") =>
    text.startsWith("m.") && text.length > 2
      ? { kind: "metric", name: text.slice(2) }
      : (WORDS[text] ?? STEPS),
  write: (along) =>
    along.kind === "step" ? undefined : along.kind === "metric" ? `m.${along.name}` : along.kind,
};
const RANGE: ParamCodec<readonly [number, number] | undefined> = {
  read(text = "") {
    const [low, high, ...more] = text.split("~").map((part) => (part === "" ? Number.NaN : Number(part)));
    return more.length === 0 && low !== undefined && high !== undefined && low < high
      ? [low, high]
      : undefined;
  },
  write: (range) => range?.join("~"),
};
const SMOOTHING = within(0, MOST_SMOOTHING, 0);
const SPREAD = oneOf(SPREADS);

/** What was dragged has digits of pixels: whole steps and milliseconds, and four digits of what else there is. */
function toRound([low, high]: readonly [number, number], kind: Along["kind"]): readonly [number, number] {
  const grain = kind === "metric" ? 10 ** (Math.floor(Math.log10(high - low)) - 3) : 1;
  const [from, to] = [Math.floor(low / grain) * grain, Math.ceil(high / grain) * grain];
  return [Number(from.toPrecision(15)), Number(to.toPrecision(15))];
}

export function useChartSettings(): ChartSettings {
  const address = useAddress();
  const [along] = useParam("ch.x", ALONG, "push");
  const [range, setRange] = useParam("ch.range", RANGE, "push");
  const [smoothing, setSmoothing] = useParam("ch.smooth", SMOOTHING);
  const [log, setLog] = useParam("ch.log", FLAG);
  const [logX, setLogX] = useParam("ch.logx", FLAG);
  const [clip, setClip] = useParam("ch.clip", FLAG);
  const [group, setGroup] = useParam("ch.group", TEXT, "push");
  const [spread, setSpread] = useParam("ch.band", SPREAD);
  return useMemo(
    () => ({
      along,
      range,
      smoothing,
      log,
      logX,
      clip,
      group,
      spread,
      // A range of steps is none of seconds.
      setAlong: (next) => address.set({ "ch.x": ALONG.write(next), "ch.range": undefined }, "push"),
      setRange: (next) => setRange(next && toRound(next, along.kind)),
      setSmoothing,
      setLog,
      setLogX,
      setClip,
      setGroup,
      setSpread,
    }),
    [
      along,
      range,
      smoothing,
      log,
      logX,
      clip,
      group,
      spread,
      address,
      setRange,
      setSmoothing,
      setLog,
      setLogX,
      setClip,
      setGroup,
      setSpread,
    ],
  );
}
