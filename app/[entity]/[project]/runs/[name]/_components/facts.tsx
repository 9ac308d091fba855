import type { RunDetail } from "@/graphql/operations/pages";
import { flattenParams } from "@/ui/charts/prepare/rows";
import { formatValue, plural } from "@/ui/format";
import { CommandBlock } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";

/** What it was given and how it went, in facts. */
export function Facts({ run }: { run: RunDetail }) {
  const params = [...flattenParams(run.params)].sort(([a], [b]) => (a < b ? -1 : 1));
  const attempt = run.attempts.find(({ number }) => number === run.attempt);
  return (
    <div className="min-w-0 space-y-10">
      <Panel id="parameters" title="Parameters" note={params.length}>
        <dl className="text-sm">
          {params.map(([name, value]) => (
            <div
              key={name}
              className="flex items-baseline justify-between gap-4 border-line border-b py-1.5 last:border-b-0"
            >
              <dt className="min-w-0 truncate text-ink-soft" title={name}>
                {name}
              </dt>
              <dd className="figures min-w-0 break-words text-right font-medium">{formatValue(value)}</dd>
            </div>
          ))}
        </dl>
      </Panel>
      {attempt && (
        <Panel
          id="attempt"
          title="Attempt"
          note={run.attempts.length > 1 && `${run.attempt} of ${run.attempts.length}`}
        >
          <dl className="text-sm">
            <Fact name="Machine" value={attempt.host} />
            <Fact name="Process" value={attempt.pid} />
            <Fact name="Exit code" value={run.exitCode} bad={run.exitCode !== null && run.exitCode !== 0} />
            <Fact name="Reason" value={run.stateReason?.replaceAll("_", " ")} />
            <Fact
              name="Lost attempts"
              value={run.crashes > 0 ? plural(run.crashes, "crash", "crashes") : null}
            />
          </dl>
          {attempt.command && (
            <div className="mt-3">
              <CommandBlock command={attempt.command.map(quote).join(" ")} label="Copy" />
            </div>
          )}
        </Panel>
      )}
    </div>
  );
}

function Fact(props: { name: string; value: string | number | null | undefined; bad?: boolean }) {
  const { name, value, bad = false } = props;
  if (value === null || value === undefined) return null;
  return (
    <div className="flex items-baseline justify-between gap-4 border-line border-b py-1.5 last:border-b-0">
      <dt className="text-ink-soft">{name}</dt>
      <dd className={`text-right font-medium ${bad ? "text-bad" : ""}`}>{value}</dd>
    </div>
  );
}

/** As a shell would need it, so that a copy of the line runs. */
const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
