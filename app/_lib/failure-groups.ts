import type { FailedRun } from "@/graphql/operations/failures";
import { Screen } from "@/ui/terminal/screen";

/** Runs that ended with the same words. */
export interface FailureGroup {
  /** What these runs have in common: the same however many join them. */
  readonly key: string;
  /** The line that tells it; what it differs in from run to run is left out of the comparison. */
  readonly line: string;
  /** The newest first. */
  readonly runs: readonly FailedRun[];
  /** The last lines that the newest of them printed. */
  readonly lines: readonly string[];
}

const SHOWN_LINES = 12;

/** By the last line of their complaints (else of all that they printed), the most frequent first. */
export function groupFailures(runs: readonly FailedRun[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup & { runs: FailedRun[] }>();
  for (const run of runs) {
    const lines = lastLines(run);
    const line = lines.at(-1)?.trim() ?? sayWithout(run);
    const key = `${run.state} ${withoutNumbers(line)}`;
    const group = groups.get(key);
    if (group) group.runs.push(run);
    else groups.set(key, { key, line, runs: [run], lines });
  }
  return [...groups.values()].sort((a, b) => b.runs.length - a.runs.length);
}

/** As the terminal would show them, the empty ones left out. */
function lastLines({ output }: FailedRun): string[] {
  const screen = new Screen(200);
  for (const { stream, text } of output.nodes) screen.write({ stream, text });
  const { lines } = screen.view();
  const complaints = lines.filter(({ stream }) => stream === "stderr");
  return (complaints.length > 0 ? complaints : lines)
    .map(({ spans }) => spans.map(({ text }) => text).join(""))
    .filter((text) => text.trim() !== "")
    .slice(-SHOWN_LINES);
}

/** Of a run that printed nothing. */
function sayWithout({ state, stateDetail, stateReason, exitCode }: FailedRun): string {
  if (stateDetail) return stateDetail;
  if (exitCode !== null) return `Exit code ${exitCode}, without a word`;
  return stateReason?.replaceAll("_", " ") ?? (state === "crashed" ? "Lost" : "Failed");
}

/** Addresses, sizes and step numbers differ where the mistake is the same. */
const withoutNumbers = (line: string): string =>
  line.replace(/0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi, "#");
