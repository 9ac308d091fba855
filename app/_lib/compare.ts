import { toPythonText } from "@/core/python";
import { toNumber } from "@/core/value";
import type { ComparedRun } from "@/graphql/operations/charts";
import type { ComparedAttribute, ComparedValue } from "@/ui/charts/prepare/compare";
import { flattenParams } from "@/ui/charts/prepare/rows";
import { formatDuration, formatNumber, formatValue } from "@/ui/format";

/** Names in the address beyond this are not compared: so many columns nobody reads. */
export const MOST_COMPARED = 20;

/** `?runs=a,b,c` as names, each once. */
export const readNames = (text: string | undefined): string[] =>
  [
    ...new Set(
      (text ?? "")
        .split(",")
        .map((name) => name.trim().replaceAll("%2C", ",").replaceAll("%25", "%"))
        .filter(Boolean),
    ),
  ].slice(0, MOST_COMPARED);

/** What is compared: what they were given, what they measured, how they went. */
export function toAttributes(runs: readonly ComparedRun[]): ComparedAttribute[] {
  const params = runs.map((run) => flattenParams(run.params));
  const parameters = [...new Set(params.flatMap((flat) => [...flat.keys()]))].sort().map((name) => ({
    section: "Parameters",
    name,
    values: params.map((flat): ComparedValue | undefined => {
      const value = flat.get(name);
      if (value === undefined) return undefined;
      const number = toNumber(value);
      return {
        text: formatValue(value),
        title: toPythonText(value),
        ...(number !== undefined && { number }),
      };
    }),
  }));
  const summaries = runs.map(({ summary }) => new Map(summary.map((one) => [one.name, one])));
  const metrics = [...new Set(summaries.flatMap((summary) => [...summary.keys()]))]
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map((name) => ({
      section: "Metrics, last value",
      name,
      values: summaries.map((summary) => toFigure(summary.get(name)?.last)),
    }));
  const about = (name: string, toValue: (run: ComparedRun) => ComparedValue | undefined) => ({
    section: "Run",
    name,
    values: runs.map(toValue),
  });
  return [
    about("Best value", (run) => toFigure(run.objective)),
    about("State", (run) => ({
      text: (run.stateReason ? `${run.state}, ${run.stateReason}` : run.state).replaceAll("_", " "),
    })),
    about("Sweep", (run) => toText(run.sweep?.name, run.sweep?.id)),
    about("Machine", (run) => toText(run.agent?.host)),
    about("Created", (run) => ({ text: run.createdAt.slice(0, 16).replace("T", " "), title: run.createdAt })),
    about("Duration", ({ startedAt, finishedAt }) => {
      if (startedAt === null || finishedAt === null) return undefined;
      const ms = Date.parse(finishedAt) - Date.parse(startedAt);
      return { text: formatDuration(ms), title: `${ms / 1_000} s` };
    }),
    about("Attempts", (run) => ({ text: String(run.attempt), number: run.attempt })),
    about("Exit code", (run) => (run.exitCode === null ? undefined : { text: String(run.exitCode) })),
    about("Tags", (run) => (run.tags.length > 0 ? { text: run.tags.join(", ") } : undefined)),
    about("Notes", (run) => toText(run.notes)),
    ...parameters,
    ...metrics,
  ];
}

const toText = (text: string | null | undefined, title = text): ComparedValue | undefined =>
  text ? { text, title: title ?? text } : undefined;

const toFigure = (value: number | null | undefined): ComparedValue | undefined =>
  value === null || value === undefined
    ? undefined
    : { text: formatNumber(value, 6), title: String(value), number: value };
