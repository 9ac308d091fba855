import { type Lines, prepareLines } from "./lines";

/** One number of a machine over time, in columns of one length. */
export interface SystemInput {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** The highest of each part of the time. */
  readonly max: readonly number[];
}

export interface SystemChart {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly chart: Lines;
}

interface Kind {
  readonly title: (gpu: string) => string;
  readonly unit: Unit;
}
type Unit = "%" | "% of a core" | "bytes" | "bytes/s" | "W" | "°C" | "";

/** In the order in which one looks at them: the run, its devices, the machine around it. */
const KINDS: readonly (readonly [pattern: RegExp, kind: Kind])[] = [
  [/^cpu$/, { title: () => "CPU of the run", unit: "% of a core" }],
  [/^memory$/, { title: () => "Memory of the run", unit: "bytes" }],
  [/^gpu\.(\d+)$/, { title: (gpu) => `GPU ${gpu}`, unit: "%" }],
  [/^gpu\.(\d+)\.memory$/, { title: (gpu) => `Memory of GPU ${gpu}`, unit: "bytes" }],
  [/^cpu\.machine$/, { title: () => "CPU of the machine", unit: "%" }],
  [/^memory\.machine$/, { title: () => "Memory of the machine", unit: "%" }],
  [/^disk\.read$/, { title: () => "Read from disk", unit: "bytes/s" }],
  [/^disk\.write$/, { title: () => "Written to disk", unit: "bytes/s" }],
  [/^disk\.machine$/, { title: () => "Disk, taken", unit: "%" }],
  [/^gpu\.(\d+)\.power$/, { title: (gpu) => `Power of GPU ${gpu}`, unit: "W" }],
  [/^gpu\.(\d+)\.temperature$/, { title: (gpu) => `Temperature of GPU ${gpu}`, unit: "°C" }],
];
const OTHERS: Kind = { title: () => "", unit: "" };

/** Decides everything about the charts of a run's machine; lines without a number are left out. */
export function prepareSystem(series: readonly SystemInput[], startMs: number): SystemChart[] {
  return series
    .map((one) => ({ one, place: placeOf(one.key) }))
    .sort((a, b) => a.place - b.place || compareKeys(a.one.key, b.one.key))
    .flatMap(({ one, place }) => {
      const [pattern, kind] = KINDS[place] ?? [undefined, OTHERS];
      const title = kind.title(pattern?.exec(one.key)?.[1] ?? "") || one.key;
      const { unit, divisor } = toUnit(kind.unit, one.max);
      const scaled = (values: readonly number[]) => values.map((value) => round(value / divisor));
      const [values, max] = [scaled(one.values), scaled(one.max)];
      const chart = prepareLines({
        metric: unit === "" ? title : `${title}, ${unit}`,
        along: { kind: "elapsed" },
        lines: [
          {
            key: one.key,
            label: title,
            x: one.times.map((time) => Math.max(0, time - startMs)),
            values,
            min: values,
            max,
          },
        ],
      });
      if (chart === undefined) return [];
      const shaded = chart.lines.some(({ high }) => high !== undefined);
      const notes = shaded ? ["The line is the mean, the shade reaches to the highest"] : [];
      return [{ key: one.key, title, unit, chart: { ...chart, notes } }];
    });
}

const placeOf = (key: string): number => {
  const place = KINDS.findIndex(([pattern]) => pattern.test(key));
  return place === -1 ? KINDS.length : place;
};

/** gpu.2 before gpu.10. */
const compareKeys = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** Bytes in the unit that their highest value fills. */
function toUnit(unit: Unit, max: readonly number[]): { unit: string; divisor: number } {
  if (unit !== "bytes" && unit !== "bytes/s") return { unit, divisor: 1 };
  const most = max.reduce((sum, value) => Math.max(sum, value), 0);
  const step = BYTES.find(([, divisor]) => most >= divisor) ?? BYTES[BYTES.length - 1];
  const [name, divisor] = step ?? ["B", 1];
  return { unit: unit === "bytes" ? name : `${name}/s`, divisor };
}
const BYTES = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
  ["B", 1],
] as const;

/** A sample is no measurement of the tenth digit. */
const round = (value: number): number => Number(value.toPrecision(4));
