import type { Diagnostic, ParsedSweep } from "@/core/sweep-config";
import { plural } from "@/ui/format";
import { AlertIcon, CheckIcon, CrossIcon } from "@/ui/kit/icons";

export interface Finding {
  readonly diagnostic: Diagnostic;
  readonly severity: "error" | "warning";
}

/** Errors first. */
export const toFindings = ({ errors, warnings }: Pick<ParsedSweep, "errors" | "warnings">): Finding[] => [
  ...errors.map((diagnostic) => ({ diagnostic, severity: "error" as const })),
  ...warnings.map((diagnostic) => ({ diagnostic, severity: "warning" as const })),
];

/** What is wrong and what is odd, errors first; each entry leads to its place in the text. */
export function Findings(props: {
  id: string;
  findings: readonly Finding[];
  onGo: (line: number, column: number) => void;
}) {
  const { id, findings, onGo } = props;
  return (
    <div>
      <p id={id} role="status" className="flex min-h-8 items-center gap-1.5 font-medium text-sm">
        {findings.length === 0 ? (
          <>
            <span className="text-good">
              <CheckIcon />
            </span>
            Nothing to complain about.
          </>
        ) : (
          count(findings)
        )}
      </p>
      <ol aria-label="Errors and warnings" className="space-y-0.5 empty:hidden">
        {findings.map(({ diagnostic, severity }, i) => {
          const { line, column, code, message } = diagnostic;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a finding is its place in the list
            <li key={i}>
              <button
                type="button"
                onClick={() => onGo(line ?? 1, column ?? 1)}
                className="flex w-full items-start gap-2 rounded-md px-2 py-1.5 text-left text-sm hover:bg-sunken"
              >
                <span className={`flex h-5 items-center ${severity === "error" ? "text-bad" : "text-best"}`}>
                  {severity === "error" ? <CrossIcon /> : <AlertIcon />}
                </span>
                <span className="figures w-14 shrink-0 text-ink-faint">
                  {line === undefined ? "" : `${line}:${column ?? 1}`}
                </span>
                <span className="min-w-0 break-words">
                  <span className="sr-only">{severity}: </span>
                  {message} <span className="text-2xs text-ink-faint">{code}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function count(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  return [
    ...(errors > 0 ? [plural(errors, "error")] : []),
    ...(warnings > 0 ? [plural(warnings, "warning")] : []),
  ].join(", ");
}
