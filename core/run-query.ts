import { METRIC_STATS, type MetricStat } from "./filter/operand";
import { RUN_STATES } from "./run";
import { RUN_FIELDS, type RunFilter, type RunOrder } from "./run-filter";

/**
 * What one types above a table of runs, as the API's filter:
 *
 *     failed out of memory        words: in the name, the notes or the host, and all of them
 *     state:failed,crashed        one of these states
 *     tag:baseline  sweep:a1b2c3d4  host:gpu
 *     lr<0.01  optimizer.name=adam  layers>=3        parameters
 *     last(val/loss)<0.2  max(accuracy)>0.9          a metric's last, min, max, mean, first or count
 *     -tag:broken  -lr=0.1        not
 *
 * A value with blanks stands in quotes, and so does a text that looks like a number. Everything must hold.
 */
export type RunQuery = { readonly filter?: RunFilter; readonly problem?: string };

type Condition = Extract<RunFilter, { op: unknown }>;
type Operator = Condition["op"];

const SIGNS: Readonly<Record<string, Operator>> = {
  "<=": "le",
  ">=": "ge",
  "!=": "ne",
  "<": "lt",
  ">": "gt",
  "=": "eq",
};
const WORD = /-?(?:"[^"]*"|[^\s"])+/g;
const COMPARED = /^([^<>=!"]+)(<=|>=|!=|<|>|=)(.+)$/s;
const LABELED = /^(state|tag|sweep|host|name):(.+)$/s;
const MEASURED = new RegExp(`^(${METRIC_STATS.join("|")})\\((.+)\\)$`, "s");

/** The conditions of a query, each as it was typed. */
export const splitRunQuery = (text: string): string[] => [...text.matchAll(WORD)].map(([word]) => word);

export function readRunQuery(text: string): RunQuery {
  const parts: RunFilter[] = [];
  for (const word of splitRunQuery(text)) {
    const negated = word.length > 1 && word.startsWith("-");
    const part = readWord(negated ? word.slice(1) : word);
    if (typeof part === "string") return { problem: part };
    parts.push(negated ? { not: part } : part);
  }
  const [only, ...more] = parts;
  if (!only) return {};
  return { filter: more.length > 0 ? { and: parts } : only };
}

/** @returns a sentence when it can't be read */
function readWord(word: string): RunFilter | string {
  const labeled = LABELED.exec(word);
  if (labeled) return readLabel(labeled[1] ?? "", unquote(labeled[2] ?? ""));
  const compared = COMPARED.exec(word);
  if (compared) return readComparison(compared[1] ?? "", compared[2] ?? "", compared[3] ?? "");
  const value = unquote(word);
  const fields = ["displayName", "name", "notes", "host"] as const;
  return { or: fields.map((field) => ({ field, op: "contains", value })) };
}

function readLabel(label: string, value: string): RunFilter | string {
  switch (label) {
    case "state": {
      const states = value.split(",");
      const strange = states.find((state) => !(RUN_STATES as readonly string[]).includes(state));
      if (strange !== undefined) return `There is no state "${strange}"; there are ${RUN_STATES.join(", ")}.`;
      return { field: "state", op: "in", value: states };
    }
    case "tag":
      return { field: "tags", op: "in", value: value.split(",") };
    case "sweep":
      return { field: "sweep", op: "eq", value };
    case "host":
      return { field: "host", op: "contains", value };
    default:
      return { field: "displayName", op: "contains", value };
  }
}

function readComparison(name: string, sign: string, written: string): RunFilter | string {
  const op = SIGNS[sign] ?? "eq";
  const measured = MEASURED.exec(name);
  const stat = METRIC_STATS.find((one) => one === measured?.[1]);
  const text = unquote(written);
  const value = written.startsWith('"') ? text : toValue(text);
  if (!measured || !stat) return { param: name, op, value };
  if (typeof value !== "number") return `${name} is compared with a number, not with "${text}".`;
  return { metric: measured[2] ?? "", stat, op, value };
}

/** As parameters have it: a number, true, false or null; text otherwise. */
function toValue(text: string): unknown {
  if (text !== "" && text.trim() === text && Number.isFinite(Number(text))) return Number(text);
  if (text === "true" || text === "True") return true;
  if (text === "false" || text === "False") return false;
  return text === "null" || text === "None" ? null : text;
}

/**
 * A comparison as one would type it: what is text stands in quotes where it would be read as something else.
 * Undefined for what the language has no words for: a name with blanks, a text with quotes.
 */
export function writeComparison(
  subject: { param: string } | { metric: string; stat: MetricStat },
  sign: string,
  value: number | boolean | null | string,
): string | undefined {
  const name = "param" in subject ? subject.param : `${subject.stat}(${subject.metric})`;
  const plain = typeof value === "string" && toValue(value) === value && !/\s/.test(value) && value !== "";
  const term = `${name}${sign}${typeof value !== "string" || plain ? value : `"${value}"`}`;
  const { filter } = readRunQuery(term);
  const wanted = { ...subject, op: SIGNS[sign], value };
  return filter && Object.entries(wanted).every(([key, part]) => Reflect.get(filter, key) === part)
    ? term
    : undefined;
}

/** `tag:a,b`; undefined for members that the language has no words for. */
export function writeLabel(label: "state" | "tag" | "host", values: readonly string[]): string | undefined {
  const text = values.join(",");
  const term = `${label}:${/\s/.test(text) ? `"${text}"` : text}`;
  const { filter } = readRunQuery(term);
  const found = filter && "value" in filter ? filter.value : undefined;
  return JSON.stringify(found) === JSON.stringify(label === "host" ? text : values) ? term : undefined;
}

const unquote = (text: string): string => text.replaceAll('"', "");

/** `-objective`, `p.lr`, `createdAt`: as it stands in the address; undefined for what is no order. */
export function readRunOrder(text: string | undefined): RunOrder | undefined {
  if (!text) return undefined;
  const direction = text.startsWith("-") ? "desc" : "asc";
  const name = text.replace(/^-/, "");
  if (name.startsWith("p.")) return { param: name.slice(2), direction };
  if (!Object.hasOwn(RUN_FIELDS, name)) return undefined;
  return { field: name as keyof typeof RUN_FIELDS, direction };
}
