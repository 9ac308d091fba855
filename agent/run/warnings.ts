import type { WarningCode } from "@/core/run";
import { suggest } from "@/core/sweep-config/suggest";

export interface RunWarning {
  code: WarningCode;
  /** One sentence for people, at most 500 characters. */
  message: string;
}

/**
 * What there is to say about a finished run whose sweep asks for a metric that it never logged: a search that learns
 * nothing looks as if it worked.
 */
export function toMissingMetric(metric: string, names: ReadonlySet<string>): RunWarning | undefined {
  if (names.has(metric)) return undefined;
  const nearest = suggest(metric, names) ?? findPart(metric, names);
  const logged = [...names].slice(0, 5).map((name) => JSON.stringify(name));
  const found =
    names.size === 0
      ? "it logged no metric at all"
      : `it logged ${logged.join(", ")}${names.size > logged.length ? ` and ${names.size - logged.length} more` : ""}`;
  const hint = nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
  return {
    code: "METRIC_NEVER_LOGGED",
    message: `the sweep's metric ${JSON.stringify(metric)} was never logged: ${found}${hint}`.slice(0, 500),
  };
}

/** `loss` where `val/loss` or `val_loss` was logged, or the other way round. */
function findPart(metric: string, names: ReadonlySet<string>): string | undefined {
  const words = wordsOf(metric);
  const last = words.at(-1);
  return [...names].find((name) => {
    const others = wordsOf(name);
    return last !== undefined && (others.includes(last) || words.includes(others.at(-1) ?? ""));
  });
}

const wordsOf = (name: string): string[] =>
  name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
