"use client";

import Link from "next/link";
import { useEffect, useMemo, useRef, useState } from "react";
import { type FailureGroup, groupFailures } from "@/app/_lib/failure-groups";
import { request } from "@/app/_live/request";
import { useSweepView } from "@/app/_live/sweep-view";
import { useVerb } from "@/app/_live/use-verb";
import { RetryRuns } from "@/graphql/operations/edit-sweep";
import { type FailedRun, FailedRuns } from "@/graphql/operations/failures";
import { formatCount, plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Ago } from "@/ui/kit/clock";
import { Notice } from "@/ui/kit/notice";
import { Panel } from "@/ui/kit/panel";
import { showToast } from "@/ui/kit/toast";

/** What the runs that failed printed last: one entry for each mistake, not for each run. */
export function Failures() {
  const { data, projectPath } = useSweepView();
  const { head } = data;
  const all = head.counts.failed + head.counts.crashed;
  const newest = useNewest(head.id, all);
  const runs = newest.state === "known" ? newest.runs : undefined;
  const groups = useMemo(() => groupFailures(runs ?? []), [runs]);
  const retry = useVerb(RetryRuns);
  const runAgain = async (input: Parameters<typeof retry.run>[0]) => {
    const done = await retry.run(input);
    if (!done) return;
    const more = done.left ? `; ${formatCount(done.left)} more are left, retry once more` : "";
    const resumed = done.resumed?.length ? ", and the sweep runs again" : "";
    showToast(`${plural(done.runIds?.length ?? 0, "run")} back in the queue${resumed}${more}`);
  };
  const mayRetry = head.viewerCanEdit && head.state !== "canceled" && all > 0;
  return (
    <Panel
      id="failures"
      title="Failures"
      note={all > 0 ? plural(all, "run") : undefined}
      actions={
        mayRetry && (
          <Button
            onClick={() => void runAgain({ sweepId: head.id })}
            disabled={retry.busy}
            title="All failed and crashed runs go out once more, with the same parameters, before anything new"
          >
            Retry failed
          </Button>
        )
      }
    >
      {retry.rest && (
        <Notice tone="bad" live className="mb-3">
          {retry.rest}
        </Notice>
      )}
      {all === 0 && <p className="text-ink-faint text-sm">No run has failed.</p>}
      {all > 0 && newest.state === "asking" && (
        <p className="text-ink-faint text-sm">Reading what they printed …</p>
      )}
      {newest.state === "unreachable" && (
        <p className="text-ink-soft text-sm">
          What they printed could not be read: the server could not be reached.
        </p>
      )}
      {all > 0 && newest.state === "known" && (
        <>
          {newest.total > newest.runs.length && (
            <p className="mb-2 text-ink-faint text-sm">
              showing {newest.runs.length} of {formatCount(newest.total)}: the newest
            </p>
          )}
          <ul className="divide-y divide-line">
            {groups.map((group) => (
              <Group
                key={group.key}
                group={group}
                projectPath={projectPath}
                busy={retry.busy}
                onRetry={
                  mayRetry ? () => void runAgain({ runIds: group.runs.map(({ id }) => id) }) : undefined
                }
              />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function Group(props: {
  group: FailureGroup;
  projectPath: string;
  busy: boolean;
  onRetry: (() => void) | undefined;
}) {
  const { group, projectPath, busy, onRetry } = props;
  const { line, runs, lines } = group;
  const [newest] = runs;
  if (!newest) return null;
  return (
    <li className="py-3 first:pt-0">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-1">
        <p className="figures w-10 flex-none text-right font-semibold text-bad">{runs.length}×</p>
        <div className="min-w-0 grow basis-72">
          <p className="wrap-anywhere font-mono text-sm" translate="no">
            {line}
          </p>
          <p className="mt-0.5 text-ink-faint text-sm">
            {runs.length > 1 ? "newest: " : ""}
            <Link
              href={`${projectPath}/runs/${encodeURIComponent(newest.name)}`}
              className="font-medium text-link underline-offset-2 hover:underline"
            >
              {newest.displayName}
            </Link>
            {newest.exitCode !== null && `, exit code ${newest.exitCode}`}
            {newest.finishedAt && (
              <>
                , <Ago at={newest.finishedAt} />
              </>
            )}
          </p>
        </div>
        {onRetry && (
          <Button onClick={onRetry} disabled={busy} title="These runs go out once more">
            Retry {runs.length > 1 ? `these ${runs.length}` : "it"}
          </Button>
        )}
      </div>
      {lines.length > 1 && (
        <details className="mt-1 ml-14">
          <summary className="inline-flex min-h-6 items-center rounded text-link text-sm underline-offset-2 hover:underline">
            Last lines of its output
          </summary>
          <pre
            className="mt-1 overflow-x-auto whitespace-pre-wrap break-words rounded-md bg-sunken p-3 font-mono text-xs leading-5"
            translate="no"
          >
            {lines.join("\n")}
          </pre>
        </details>
      )}
    </li>
  );
}

type Newest =
  | { readonly state: "asking" }
  | { readonly state: "unreachable" }
  | { readonly state: "known"; readonly runs: readonly FailedRun[]; readonly total: number };

/** While runs fail one after the other, they are read once a second. */
const REST_MS = 1_000;

/** Asked again whenever their number changes. An answer under way is waited for: where runs fail all the time none would come. */
function useNewest(sweepId: string, count: number): Newest {
  const [newest, setNewest] = useState<Newest>({ state: "asking" });
  const askedAt = useRef(Number.NEGATIVE_INFINITY);
  const newestAnswer = useRef(Number.NEGATIVE_INFINITY);
  const page = useRef<AbortController>(undefined);
  useEffect(() => {
    const left = new AbortController();
    page.current = left;
    return () => left.abort();
  }, []);
  useEffect(() => {
    if (count === 0) return;
    const ask = async () => {
      const mine = performance.now();
      askedAt.current = mine;
      const answer = await request(FailedRuns, { id: sweepId }, page.current?.signal).then(
        ({ sweep }): Newest => ({
          state: "known",
          runs: sweep?.runs.nodes ?? [],
          total: sweep?.runs.totalCount ?? 0,
        }),
        (): Newest => ({ state: "unreachable" }),
      );
      if (page.current?.signal.aborted || mine < newestAnswer.current) return;
      newestAnswer.current = mine;
      setNewest(answer);
    };
    const rest = Math.max(0, askedAt.current + REST_MS - performance.now());
    const timer = setTimeout(() => void ask(), rest);
    return () => clearTimeout(timer);
  }, [sweepId, count]);
  return newest;
}
