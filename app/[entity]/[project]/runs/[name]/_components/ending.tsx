import { toShellLine } from "@/app/_lib/shell";
import type { RunState } from "@/core/run";
import type { RunHead } from "@/graphql/operations/run-page";
import { Notice } from "@/ui/kit/notice";
import type { ScreenView } from "@/ui/terminal/screen";

/** A reason's code in words, where the code alone would not say it. */
const REASONS: Readonly<Record<string, string>> = {
  lease_expired: "Its agent was not heard of any more, and nobody took it up again.",
  silent: "It was not heard of for too long.",
  stopped_by_user: "Somebody stopped it.",
  target_reached: "The sweep had reached its target.",
  sweep_canceled: "Its sweep was canceled.",
};

const TITLES: Partial<Record<RunState, string>> = {
  failed: "It failed",
  crashed: "It was lost",
  killed: "It was stopped",
};

/** More of the output stands below; these lines are what one looks for. */
const LAST_LINES = 6;

/** Why it did not end well, and what exactly was run, before anything else is looked at. */
export function Ending({ head, screen }: { head: RunHead; screen: ScreenView }) {
  // A program that heard of it and came to an orderly end has finished, of fewer steps than the others.
  const isShort = head.state === "finished" && head.earlyStop !== null;
  const title = isShort ? "It was stopped early" : TITLES[head.state];
  if (!title) return null;
  const { exitCode, stateReason, stateDetail, earlyStop } = head;
  const isBad = head.state === "failed" || head.state === "crashed";
  const last = isBad ? toLastLines(screen) : [];
  const command = head.attempts.at(-1)?.command;
  const why =
    (stateReason === "early_stopped" || isShort ? earlyStop?.text : undefined) ??
    stateDetail ??
    (stateReason ? (REASONS[stateReason] ?? `${stateReason.replaceAll("_", " ")}.`) : undefined);
  return (
    <div id="ending" className="mt-6">
      <Notice
        tone={isBad ? "bad" : "plain"}
        title={
          stateReason === "early_stopped"
            ? "It was stopped early"
            : exitCode === null || !isBad
              ? title
              : `${title} with exit code ${exitCode}`
        }
      >
        {why && stateReason !== "exit_code" && <p className="text-ink">{why}</p>}
        {command && isBad && (
          <p className="wrap-anywhere mt-2">
            <span className="text-ink-soft text-sm">Command: </span>
            <code className="font-mono text-ink text-xs leading-5" translate="no">
              {toShellLine(command)}
            </code>
          </p>
        )}
        {last.length > 0 && (
          <pre
            className="mt-2 overflow-x-auto whitespace-pre-wrap break-words font-mono text-ink text-xs leading-5"
            translate="no"
          >
            {last.join("\n")}
          </pre>
        )}
      </Notice>
    </div>
  );
}

/** Of its complaints, where it made some; else of all it said. */
function toLastLines({ lines }: ScreenView): string[] {
  const complaints = lines.filter(({ stream }) => stream === "stderr");
  return (complaints.length > 0 ? complaints : lines)
    .map(({ spans }) => spans.map(({ text }) => text).join(""))
    .filter((text) => text.trim() !== "")
    .slice(-LAST_LINES);
}
