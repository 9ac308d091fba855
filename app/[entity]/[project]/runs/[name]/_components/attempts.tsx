import type { AttemptLine, RunHead } from "@/graphql/operations/run-page";
import { formatCount } from "@/ui/format";
import { Ago, Duration } from "@/ui/kit/clock";
import { Panel } from "@/ui/kit/panel";

/** Every try at it, the current one first: where it ran and how it ended; what was started stands with its provenance. */
export function Attempts({ head }: { head: RunHead }) {
  const attempts = head.attempts.toReversed();
  return (
    <Panel id="attempts" title="Attempts" note={formatCount(attempts.length)}>
      {attempts.length === 0 && <p className="text-ink-faint">Nobody has taken it yet.</p>}
      <ol className="text-sm">
        {attempts.map((attempt) => (
          <li key={attempt.number} className="border-line border-b py-2 last:border-b-0">
            <Attempt attempt={attempt} current={attempt.number === head.attempt} />
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Attempt({ attempt, current }: { attempt: AttemptLine; current: boolean }) {
  const { number, state, host, pid, startedAt, endedAt, exitCode, reason, lastStep, resumedFromStep } =
    attempt;
  const failed = exitCode !== null && exitCode !== 0;
  return (
    <div className="grid grid-cols-[2rem_minmax(0,1fr)_auto] items-baseline gap-x-2">
      <span className={`figures ${current ? "font-semibold" : "text-ink-faint"}`}>{number}</span>
      <span className="min-w-0 break-words">
        {host ?? "no agent"}
        {pid !== null && <span className="text-ink-faint">, process {pid}</span>}
      </span>
      <span className="figures text-right text-ink-soft">
        <Duration from={startedAt} to={endedAt} />
      </span>
      <span className="col-span-2 col-start-2 text-ink-faint">
        {endedAt ? state : "at work"}
        {exitCode !== null && <span className={failed ? "text-bad" : ""}>, exit code {exitCode}</span>}
        {reason && reason !== "exit_code" && `, ${reason.replaceAll("_", " ")}`}
        {resumedFromStep !== null && `, went on from step ${formatCount(resumedFromStep)}`}
        {lastStep !== null && `, logged up to step ${formatCount(lastStep)}`}, began <Ago at={startedAt} />
      </span>
    </div>
  );
}
