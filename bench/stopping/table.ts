import { measureRules, SETS } from "./measure";

/**
 * One table for docs/early-stopping.md: each rule on each set of curves, as training still spent / best tenth lost / best run lost, in percent. What
 * differs between the sets is left out of a rule: where it first looks.
 */
export function savingsTable(agents: number): string {
  const columns = SETS.map((set) => savingsColumn(agents, set));
  const rules = [...(columns[0] ?? new Map<string, string>()).keys()].filter((rule) =>
    columns.every((column) => column.has(rule)),
  );
  const rows = rules.map((rule) => [`\`${rule}\``, ...columns.map((column) => column.get(rule) ?? "")]);
  const heading = ["rule", ...SETS.map((set) => `\`${set}\``)];
  return [heading, heading.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The cells of one set by rule; the first of those that differ in the first look alone. */
export function savingsColumn(agents: number, set: (typeof SETS)[number]): Map<string, string> {
  const cells = new Map<string, string>();
  for (const { rule, spent, lost, bestLost } of measureRules(agents, set)) {
    const name = rule.replace(/, (grace|min_iter|patience|eta): \d+/g, "");
    if (!cells.has(name))
      cells.set(name, [spent, lost, bestLost].map((share) => (100 * share).toFixed(0)).join(" / "));
  }
  return cells;
}
