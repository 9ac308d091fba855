"use client";

import { createContext, useContext, useMemo, useState, useSyncExternalStore } from "react";
import { AppError } from "@/core/errors";
import { type RunFilter, readRunFilter } from "@/core/run-filter";
import { type RunTest, toRunTest } from "@/core/run-match";
import { readRunQuery } from "@/core/run-query";
import { type Brush, passes } from "@/ui/charts/prepare/brush";
import { readBrush, writeBrush } from "@/ui/charts/prepare/brush-param";
import {
  type Dimension,
  FIELD_DIMENSIONS,
  metricDimension,
  objectiveDimension,
  parameterDimension,
  readMetricKey,
} from "@/ui/charts/prepare/dimension";
import { toAppliedFilter } from "./applied-filter";
import { toMatched } from "./matched-row";
import { createPointedStore, type PointedStore } from "./pointed";
import { readFailure } from "./refusal";
import type { Row, SweepData, SweepStore } from "./sweep-store";
import { type How, NAMES, type ParamCodec, TEXT, useAddress, useParam } from "./use-param";

/** What all parts of a sweep's page share: the runs, what of them is shown, what is pointed at, what is chosen. */
export interface SweepView {
  readonly data: SweepData;
  readonly store: SweepStore;
  readonly projectPath: string;
  /** Dotted names of the parameters that take more than one value, by name. */
  readonly varied: readonly string[];
  /** By id; undefined for a name that no run knows. */
  dimension(id: string): Dimension | undefined;
  /** The objective, varied parameters, metrics that were read, fields: what a picker offers. */
  readonly dimensions: readonly Dimension[];
  /**
   * Reads a metric of all runs, by `toMetricKey`, unless the page has it (`data.metricKeys`) or reads it already; it then comes live as well.
   * What the address names as `m.STAT.NAME` is read without being asked for. For effects and events, not while rendering.
   */
  demand(key: string): void;
  /** The runs that pass every filter and are not hidden, in the order of `data.rows`. */
  readonly shown: readonly Row[];
  /** Which runs `shown` are, for who asks the server; undefined where nothing is taken out. */
  readonly filter: RunFilter | undefined;
  /** The runs that pass everything but the brushes: what a brush chooses from. */
  readonly unbrushed: readonly Row[];
  /** Groups of brushes: runs that pass all brushes of a group are taken out. */
  readonly excluded: readonly ReadonlyMap<string, Brush>[];
  /** Takes out the runs that the brushes let through, and the brushes with them. */
  exclude(): void;
  /** What is typed as a filter (core/run-query.ts); nothing of it is applied while it has a problem. */
  readonly query: { readonly text: string; readonly problem: string | undefined };
  setQuery(text: string): void;
  /** Brings back what the group at this place took out. */
  include(index: number): void;
  /** Neither query nor brush, and nothing taken out by brushes; hidden runs stay hidden. */
  clearFilters(): void;
  /** Ids of runs that were taken out of sight one by one. */
  readonly hidden: ReadonlySet<string>;
  hide(ids: Iterable<string>): void;
  /** By dimension. */
  readonly brushes: ReadonlyMap<string, Brush>;
  /** Undefined takes it away. The browser's Back undoes it, together with what followed by `replace`. */
  setBrush(id: string, brush: Brush | undefined, how?: How): void;
  /** Several at once: one step of the browser's Back. */
  setBrushes(brushes: ReadonlyMap<string, Brush | undefined>): void;
  /** No brush, and nothing taken out by brushes. */
  clearBrushes(): void;
  readonly pointed: PointedStore;
  /** Ids of chosen runs, for verbs on many and for comparing. */
  readonly selected: ReadonlySet<string>;
  select(ids: Iterable<string>): void;
}

export const SweepViewContext = createContext<SweepView | undefined>(undefined);

export function useSweepView(): SweepView {
  const view = useContext(SweepViewContext);
  if (!view) throw new Error("useSweepView stands outside SweepViewContext");
  return view;
}

const BRUSH_KEY = "b.";
const EXCLUDED_KEY = "not";

export function useMakeSweepView(input: {
  data: SweepData;
  store: SweepStore;
  projectPath: string;
  varied: readonly string[];
}): SweepView {
  const { data, store, projectPath, varied } = input;
  const { rows, head, metricKeys } = data;
  const address = useAddress();
  const [pointed] = useState(createPointedStore);
  const brushes = useBrushes();
  const { selected, select } = useSelection();
  const [text, setQuery] = useParam("q", TEXT, "push");
  const query = useMemo(() => ({ text, ...readQuery(text) }), [text]);
  const [hiddenIds, setHidden] = useParam("hide", NAMES, "push");
  const hidden = useMemo(() => new Set(hiddenIds), [hiddenIds]);

  const dimension = useMemo(() => {
    const known = new Map<string, Dimension | undefined>();
    return (id: string): Dimension | undefined => {
      if (!known.has(id)) known.set(id, makeDimension(id, rows, head.metric?.name));
      return known.get(id);
    };
  }, [rows, head.metric?.name]);
  const dimensions = useMemo(() => {
    const metrics = metricKeys.map((key) => `m.${key}`).sort();
    const ids = ["objective", ...varied.map((name) => `p.${name}`), ...metrics];
    return [...ids.flatMap((id) => dimension(id) ?? []), ...FIELD_DIMENSIONS];
  }, [dimension, varied, metricKeys]);
  const [excluded, setExcluded] = useParam(EXCLUDED_KEY, GROUPS, "push");
  const unbrushed = useMemo(() => {
    const tests: ((row: Row) => boolean)[] = [];
    const { test } = query;
    if (test) tests.push((row) => test(toMatched(row, head.id)));
    if (hidden.size > 0) tests.push(({ id }) => !hidden.has(id));
    for (const group of excluded) {
      const own = toTests(group, dimension);
      if (own.length > 0) tests.push((row) => !own.every((one) => one(row)));
    }
    return filter([...rows.values()], tests);
  }, [rows, excluded, dimension, query, hidden, head.id]);
  const shown = useMemo(
    () => filter(unbrushed, toTests(brushes, dimension)),
    [unbrushed, brushes, dimension],
  );
  const applied = useMemo(
    () =>
      toAppliedFilter({
        ...{ query: query.problem === undefined ? query.filter : undefined, brushes, excluded, hidden },
        runs: { [Symbol.iterator]: () => rows.values() },
        isKnown: (id) => dimension(id) !== undefined,
      }),
    [query, brushes, excluded, hidden, rows, dimension],
  );
  const noBrushes = () => Object.fromEntries([...brushes.keys()].map((id) => [BRUSH_KEY + id, undefined]));

  return {
    data,
    store,
    projectPath,
    varied,
    dimension,
    dimensions,
    demand: (key) => store.demand([key]),
    shown,
    filter: applied,
    brushes,
    setBrush: (id, brush, how = "push") => address.set({ [BRUSH_KEY + id]: brush && writeBrush(brush) }, how),
    setBrushes: (next) =>
      address.set(
        Object.fromEntries([...next].map(([id, brush]) => [BRUSH_KEY + id, brush && writeBrush(brush)])),
        "push",
      ),
    clearBrushes: () => address.set({ ...noBrushes(), [EXCLUDED_KEY]: undefined }, "push"),
    unbrushed,
    excluded,
    exclude: () =>
      address.set({ ...noBrushes(), [EXCLUDED_KEY]: GROUPS.write([...excluded, brushes]) }, "push"),
    include: (index) => setExcluded(excluded.filter((_, i) => i !== index)),
    query,
    setQuery,
    clearFilters: () => address.set({ ...noBrushes(), q: undefined, [EXCLUDED_KEY]: undefined }, "push"),
    hidden,
    hide: (ids) => setHidden([...ids]),
    pointed,
    selected,
    select,
  };
}

const filter = (rows: readonly Row[], tests: readonly ((row: Row) => boolean)[]): readonly Row[] =>
  tests.length === 0 ? rows : rows.filter((row) => tests.every((test) => test(row)));

const toTests = (brushes: ReadonlyMap<string, Brush>, dimension: SweepView["dimension"]) =>
  [...brushes].flatMap(([id, brush]) => {
    const own = dimension(id);
    return own ? [(row: Row) => passes(brush, own, row)] : [];
  });

/** Groups of brushes with semicolons between, each written as an address would be. */
const GROUPS: ParamCodec<readonly ReadonlyMap<string, Brush>[]> = {
  read: (text = "") =>
    text.split(";").flatMap((part) => {
      const brushes = new Map<string, Brush>();
      for (const [id, value] of new URLSearchParams(part)) {
        const brush = readBrush(value);
        if (brush) brushes.set(id, brush);
      }
      return brushes.size > 0 ? [brushes] : [];
    }),
  write: (groups) =>
    groups.length > 0
      ? groups
          .map((group) =>
            new URLSearchParams([...group].map(([id, brush]) => [id, writeBrush(brush)])).toString(),
          )
          .join(";")
      : undefined,
};

function readQuery(text: string): { problem: string | undefined; test?: RunTest; filter?: RunFilter } {
  const { filter, problem } = readRunQuery(text);
  if (!filter) return { problem };
  try {
    return { problem: undefined, filter, test: toRunTest(readRunFilter(filter)) };
  } catch (error) {
    return { problem: error instanceof AppError ? readFailure(error).message : String(error) };
  }
}

/** More than that would make an address that servers refuse (16 kB); it lives as long as the page then. */
const MOST_IN_ADDRESS = 200;

function useSelection(): Pick<SweepView, "selected" | "select"> {
  const [ids, setIds] = useParam("sel", NAMES);
  const [many, setMany] = useState<ReadonlySet<string>>();
  const selected = useMemo(() => many ?? new Set(ids), [many, ids]);
  const select = (chosen: Iterable<string>) => {
    const set = new Set(chosen);
    const few = set.size <= MOST_IN_ADDRESS;
    setMany(few ? undefined : set);
    setIds(few ? [...set] : []);
  };
  return { selected, select };
}

/** All keys of the address that begin with `b.`. */
function useBrushes(): ReadonlyMap<string, Brush> {
  const address = useAddress();
  const read = () =>
    [...new URLSearchParams(address.search())]
      .filter(([key]) => key.startsWith(BRUSH_KEY))
      .map((pair) => pair.join("\n"))
      .join("\0");
  const text = useSyncExternalStore(address.subscribe, read, read);
  return useMemo(() => {
    const brushes = new Map<string, Brush>();
    for (const pair of text.split("\0")) {
      const end = pair.indexOf("\n");
      const brush = end > 0 ? readBrush(pair.slice(end + 1)) : undefined;
      if (brush) brushes.set(pair.slice(BRUSH_KEY.length, end), brush);
    }
    return brushes;
  }, [text]);
}

function makeDimension(
  id: string,
  rows: SweepData["rows"],
  metric: string | undefined,
): Dimension | undefined {
  const field = FIELD_DIMENSIONS.find((one) => one.id === id);
  if (field) return field;
  const runs = [...rows.values()];
  if (id === "objective") return metric === undefined ? undefined : objectiveDimension(metric, runs);
  if (id.startsWith("p.")) {
    const name = id.slice(2);
    return runs.some((run) => run.flat.has(name)) ? parameterDimension(name, runs) : undefined;
  }
  const asked = readMetricKey(id);
  return asked && metricDimension(asked.stat, asked.name, runs);
}
