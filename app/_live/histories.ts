import { type ChartAxis, ChartBands, ChartLines } from "@/graphql/operations/charts";
import { type ChartLine, isSameLine, toChartLine, toGroupLine } from "@/ui/charts/prepare/chart-lines";
import type { Along } from "@/ui/charts/prepare/lines";
import { RequestError, request } from "./request";

/** One line of every chart: a run, or several runs as one. */
export interface Subject {
  readonly key: string;
  readonly runIds: readonly string[];
  /** Some of them still log. */
  readonly active: boolean;
}

/** What the charts of a page show, but for which metric: all of them at once. */
export interface HistoryQuestion {
  readonly subjects: readonly Subject[];
  /** The subjects are groups: of each the mean and a band. */
  readonly grouped: boolean;
  readonly along: Along;
  readonly range: readonly [number, number] | undefined;
}

/** What one chart has. */
export interface MetricHistory {
  /** By subject; one that logged nothing of the metric is not in it. */
  readonly lines: ReadonlyMap<string, ChartLine>;
  /** What `lines` lie along: while another axis is asked for, the chart still shows the one before. */
  readonly along: Along;
  readonly grouped: boolean;
  readonly state: "loading" | "ready" | "failed";
  /** Why there is no picture, in the server's words. */
  readonly problem?: string;
}

export interface Histories {
  ask(question: HistoryQuestion): void;
  /** A chart of this metric is on the screen, until the returned function is called. */
  show(metric: string): () => void;
  get(metric: string): MetricHistory;
  subscribe(listener: () => void): () => void;
  /** Works until the returned function is called. */
  open(): () => void;
}

/** Charts that come into view together ask together. */
const GATHER_MS = 40;
/** Answers under way at once. */
const MOST_REQUESTS = 2;
/** Points and buckets of one answer: about 5 MB of JSON. */
const ANSWER_POINTS = 150_000;
const MOST_SAMPLES = 1_500;
/** A line of fewer buckets than this has no shape. */
const LEAST_SAMPLES = 100;
/** While runs log they are read again after this, or after eight times what the last answer took: a server that is busy is asked less. */
const AGAIN_MS = 2_500;
const AGAIN_SHARE = 8;
const RETRY_MS = 3_000;
/** Kept of a metric beyond twice those that are shown, for whoever changes a filter and changes it back. */
const SPARE_LINES = 100;

/** How many buckets a line may have, so that all lines of a chart fit into one answer. */
export const toSamples = (lines: number): number =>
  Math.max(LEAST_SAMPLES, Math.min(MOST_SAMPLES, Math.floor(ANSWER_POINTS / Math.max(1, lines))));

interface Reading {
  readonly runs: string;
  /** It was still logging when it was read: what came since is missing. */
  readonly active: boolean;
}

/**
 * The histories behind a page's charts: reads what charts on the screen lack, several metrics in one request, and the
 * lines of runs that still log again and again, and once more after they ended. A chart keeps what it shows until
 * something newer is there.
 */
export function createHistories(): Histories {
  let question: HistoryQuestion = { subjects: [], grouped: false, along: { kind: "step" }, range: undefined };
  let scope = "";
  let drawn = "";
  /** How often each metric is on the screen. */
  const shown = new Map<string, number>();
  const charts = new Map<string, MetricHistory>();
  /** What was read in this scope, by metric and subject. */
  let read = new Map<string, Map<string, Reading>>();
  let asking = new AbortController();
  const asked = new Set<string>();
  let requests = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let lastTookMs = 0;
  let closed = true;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const get = (metric: string): MetricHistory => charts.get(metric) ?? NOTHING;

  const lacks = (metric: string, subject: Subject, stale: boolean): boolean => {
    const known = read.get(metric)?.get(subject.key);
    if (asked.has(`${metric}\n${subject.key}`)) return false;
    if (!known) return true;
    return stale && (known.active || known.runs !== subject.runIds.join());
  };

  const plan = (stale: boolean): Batch[] => {
    const most = toSamples(question.grouped ? largest(question.subjects) : question.subjects.length);
    const batches: Batch[] = [];
    for (const metric of shown.keys()) {
      if (get(metric).problem !== undefined) continue;
      const subjects = question.subjects.filter((subject) => lacks(metric, subject, stale));
      if (subjects.length === 0) {
        if (get(metric).state === "loading" && !hasAsked(metric)) put(metric, { state: "ready" });
        continue;
      }
      for (const part of question.grouped ? subjects.map((subject) => [subject]) : [subjects]) {
        const runs = part.reduce((sum, { runIds }) => sum + runIds.length, 0);
        const id = part.map(({ key }) => key).join();
        const same = batches.find(
          (batch) => batch.id === id && (batch.metrics.length + 1) * runs * most <= ANSWER_POINTS,
        );
        if (same) same.metrics.push(metric);
        else batches.push({ id, metrics: [metric], subjects: part, samples: most });
      }
    }
    return batches;
  };
  const hasAsked = (metric: string) => [...asked].some((one) => one.startsWith(`${metric}\n`));

  const put = (metric: string, more: Partial<MetricHistory>) => {
    const { problem: _, ...before } = get(metric);
    charts.set(metric, { ...before, ...more });
    tell();
  };

  const work = (stale = false) => {
    timer = undefined;
    if (closed) return;
    for (const batch of plan(stale)) {
      if (requests >= MOST_REQUESTS) return;
      void load(batch);
    }
  };
  const soon = (ms = GATHER_MS) => {
    if (!closed) timer ??= setTimeout(() => work(), ms);
  };
  const later = () => {
    if (again !== undefined || closed) return;
    again = setTimeout(
      () => {
        again = undefined;
        if (document.visibilityState !== "hidden") work(true);
        if (question.subjects.some(({ active }) => active) || hasStale()) later();
      },
      Math.max(AGAIN_MS, lastTookMs * AGAIN_SHARE),
    );
  };
  const hasStale = () =>
    [...read].some(
      ([metric, readings]) => shown.has(metric) && [...readings.values()].some(({ active }) => active),
    );

  const load = async (batch: Batch) => {
    const { signal } = asking;
    const now = question;
    const marks = batch.metrics.flatMap((metric) => batch.subjects.map(({ key }) => `${metric}\n${key}`));
    for (const mark of marks) asked.add(mark);
    requests++;
    const start = performance.now();
    try {
      const lines = await fetchLines(batch, now, signal);
      if (signal.aborted) return;
      lastTookMs = performance.now() - start;
      for (const metric of batch.metrics) {
        const readings = read.get(metric) ?? new Map<string, Reading>();
        read.set(metric, readings);
        for (const { key, runIds, active } of batch.subjects)
          readings.set(key, { runs: runIds.join(), active });
        const before = get(metric);
        const same = before.along === now.along && before.grouped === now.grouped;
        const next = new Map(same ? before.lines : []);
        let changed = !same || before.state !== "ready";
        for (const { key } of batch.subjects) {
          const line = lines.get(metric)?.get(key);
          if (isSameLine(next.get(key), line) && same && !readAnew(before)) continue;
          changed = true;
          if (line) next.set(key, line);
          else next.delete(key);
        }
        forget(next, readings);
        if (changed) put(metric, { lines: next, along: now.along, grouped: now.grouped, state: "ready" });
      }
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof RequestError ? error.message : undefined;
      if (problem === undefined) setTimeout(() => soon(), RETRY_MS);
      else for (const metric of batch.metrics) put(metric, { state: "failed", problem });
    } finally {
      requests--;
      if (!signal.aborted) for (const mark of marks) asked.delete(mark);
      soon(0);
      later();
    }
  };
  /** What is long out of the charts is let go: a page that is open for a day sees thousands of runs come and go. */
  const forget = (lines: Map<string, ChartLine>, readings: Map<string, Reading>) => {
    if (readings.size <= 2 * question.subjects.length + SPARE_LINES) return;
    const wanted = new Set(question.subjects.map(({ key }) => key));
    for (const key of readings.keys())
      if (!wanted.has(key)) {
        readings.delete(key);
        lines.delete(key);
      }
  };
  /** After another range was asked for, equal ends say nothing about what lies between. */
  const readAnew = ({ state }: MetricHistory) => state === "loading";

  return {
    ask(next) {
      question = next;
      const wanted = JSON.stringify([
        next.along,
        next.range ?? null,
        next.grouped,
        toSamples(next.grouped ? largest(next.subjects) : next.subjects.length),
      ]);
      if (wanted !== scope) {
        scope = wanted;
        asking.abort();
        asking = new AbortController();
        asked.clear();
        read = new Map();
        for (const metric of charts.keys()) put(metric, { state: "loading" });
      }
      // What was refused for these runs may be answered for others.
      const subjects = next.subjects.map(({ key }) => key).join();
      if (subjects !== drawn)
        for (const [metric, { problem }] of charts)
          if (problem !== undefined) put(metric, { state: "loading" });
      drawn = subjects;
      soon();
      later();
    },
    show(metric) {
      shown.set(metric, (shown.get(metric) ?? 0) + 1);
      soon();
      return () => {
        const left = (shown.get(metric) ?? 1) - 1;
        if (left > 0) shown.set(metric, left);
        else shown.delete(metric);
      };
    },
    get,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    open() {
      closed = false;
      soon();
      return () => {
        closed = true;
        asking.abort();
        asking = new AbortController();
        asked.clear();
        clearTimeout(timer);
        clearTimeout(again);
        timer = undefined;
        again = undefined;
      };
    },
  };
}

interface Batch {
  readonly id: string;
  readonly metrics: string[];
  readonly subjects: readonly Subject[];
  readonly samples: number;
}

const NOTHING: MetricHistory = {
  lines: new Map(),
  along: { kind: "step" },
  grouped: false,
  state: "loading",
};

const largest = (subjects: readonly Subject[]): number =>
  subjects.reduce((most, { runIds }) => Math.max(most, runIds.length), 1);

const AXES: Readonly<Record<Along["kind"], ChartAxis>> = {
  step: "STEP",
  elapsed: "RELATIVE_TIME",
  clock: "TIME",
  metric: "METRIC",
};

async function fetchLines(
  { metrics, subjects, samples }: Batch,
  { grouped, along, range }: HistoryQuestion,
  signal: AbortSignal,
): Promise<Map<string, Map<string, ChartLine>>> {
  const asked = {
    runIds: subjects.flatMap(({ runIds }) => runIds),
    keys: metrics,
    axis: AXES[along.kind],
    metric: along.kind === "metric" ? along.name : null,
    min: range?.[0] ?? null,
    max: range?.[1] ?? null,
    samples,
  };
  const lines = new Map<string, Map<string, ChartLine>>();
  const add = (metric: string, subject: string, line: ChartLine) => {
    const known = lines.get(metric);
    if (known) known.set(subject, line);
    else lines.set(metric, new Map([[subject, line]]));
  };
  if (grouped) {
    const [subject] = subjects;
    const { histories } = await request(ChartBands, asked, signal);
    for (const band of histories.bands)
      if (subject) add(band.key, subject.key, toGroupLine(band, histories.width ?? 1));
    return lines;
  }
  const { histories } = await request(ChartLines, { ...asked, bySteps: along.kind === "step" }, signal);
  for (const series of histories.series)
    add(series.key, series.runId, toChartLine(series, histories.width ?? 1));
  return lines;
}
