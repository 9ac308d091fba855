"use client";

import { useEffect, useMemo, useRef, useState } from "react";
import { formatBytes, type Git, type Provenance as Known, readFacts } from "@/app/_lib/facts";
import { toShellLine } from "@/app/_lib/shell";
import { request } from "@/app/_live/request";
import { RunDiff, RunFacts, type RunHead } from "@/graphql/operations/run-page";
import { plural } from "@/ui/format";
import { CommandBlock } from "@/ui/kit/copy";
import { TextField } from "@/ui/kit/field";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";

/** What one needs to do it again: command, commit and changes, machine, versions. Read beside the page, since nobody needs it first. */
export function Provenance({ head }: { head: RunHead }) {
  const found = useFacts(head);
  const known = useMemo(() => (found ? readFacts(found.facts) : undefined), [found]);
  const number = found?.attempt ?? head.attempt;
  // What the agent said when it started it stands in its row; a longer one is cut there.
  const started = head.attempts.find((attempt) => attempt.number === number)?.command;
  const command = known?.argv && known.argv.length > 0 ? known.argv : started;
  return (
    <Panel
      id="provenance"
      title="Provenance"
      note={found && head.attempts.length > 1 && `of attempt ${found.attempt}`}
    >
      {command && command.length > 0 && (
        <div className="mb-4">
          <CommandBlock command={toShellLine(command)} label="Copy" />
        </div>
      )}
      {known === undefined ? (
        <p className="text-ink-faint text-sm">
          {found === null ? "Nobody said what it was started from." : "…"}
        </p>
      ) : (
        <Facts known={known} runId={head.id} attempt={number} />
      )}
    </Panel>
  );
}

/** While nobody has described the attempt; many a run never is. */
const ASK_EVERY_MS = 5_000;

/** Of the current attempt, or the latest one that was described; undefined until they have come, null when there are none. */
function useFacts(head: RunHead): { attempt: number; facts: object } | null | undefined {
  const [found, setFound] = useState<{ attempt: number; facts: object } | null>();
  const askedAt = useRef(Number.NEGATIVE_INFINITY);
  // An agent describes an attempt after it began: until it has, each change of the run is a reason to ask again, after a while.
  const reason = found?.attempt === head.attempt ? undefined : head;
  const { id } = head;
  useEffect(() => {
    if (reason === undefined) return;
    const left = new AbortController();
    const ask = () => {
      askedAt.current = performance.now();
      request(RunFacts, { id }, left.signal)
        .then(({ run }) => {
          const described = run?.attempts.findLast(({ facts }) => facts !== null);
          setFound(described?.facts ? { attempt: described.number, facts: described.facts } : null);
        })
        .catch(() => {});
    };
    const timer = setTimeout(ask, Math.max(0, askedAt.current + ASK_EVERY_MS - performance.now()));
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [id, reason]);
  return found;
}

function Facts({ known, runId, attempt }: { known: Known; runId: string; attempt: number }) {
  const { lines, git, gpus, packages } = known;
  return (
    <div className="space-y-4 text-sm">
      {git && <Commit key={attempt} git={git} runId={runId} attempt={attempt} />}
      <dl className="grid gap-x-8 sm:grid-cols-2">
        {[...lines, ...(gpus.length > 0 ? [["GPUs", gpus.join("; ")] as const] : [])].map(([name, value]) => (
          <div key={name} className="flex items-baseline justify-between gap-4 border-line border-b py-1.5">
            <dt className="flex-none text-ink-soft">{name}</dt>
            <dd className="wrap-anywhere min-w-0 text-right">{value}</dd>
          </div>
        ))}
      </dl>
      {packages.length > 0 && <Packages packages={packages} />}
    </div>
  );
}

function Commit({ git, runId, attempt }: { git: Git; runId: string; attempt: number }) {
  const { commit, branch, remote, dirty, diffBytes, diffCut } = git;
  return (
    <div>
      <p className="wrap-anywhere">
        <span className="text-ink-soft">Commit </span>
        <code className="font-mono text-xs" title={commit} translate="no">
          {commit?.slice(0, 12) ?? "none yet"}
        </code>
        {branch && (
          <>
            <span className="text-ink-soft"> on </span>
            <b className="font-medium">{branch}</b>
          </>
        )}
        {remote && <span className="text-ink-faint"> of {remote}</span>}
        <span className={dirty ? "text-best" : "text-ink-faint"}>
          {dirty ? ", with changes that were not committed" : ", nothing changed beside it"}
        </span>
      </p>
      {dirty && <Diff runId={runId} attempt={attempt} bytes={diffBytes} cut={diffCut} />}
    </div>
  );
}

/** Read when it is opened: it may have 256 KiB. */
function Diff(props: { runId: string; attempt: number; bytes: number | undefined; cut: boolean }) {
  const { runId, attempt, bytes, cut } = props;
  const [diff, setDiff] = useState<string | null>();
  const [failed, setFailed] = useState(false);
  const read = async () => {
    setFailed(false);
    try {
      const { run } = await request(RunDiff, { id: runId, attempt });
      setDiff(run?.attempts[0]?.diff ?? null);
    } catch {
      setFailed(true);
    }
  };
  return (
    <details
      className="group mt-2"
      onToggle={(event) => event.currentTarget.open && diff === undefined && void read()}
    >
      <summary className="inline-flex min-h-6 items-center rounded text-link underline-offset-2 hover:underline">
        <span className="group-open:hidden">Show the changes</span>
        <span className="hidden group-open:inline">Hide the changes</span>
        {bytes !== undefined && <span className="text-ink-faint">, {formatBytes(bytes)}</span>}
      </summary>
      {cut && <p className="mt-1 text-ink-faint">Only their beginning was kept.</p>}
      {failed && <p className="mt-1 text-bad">The server could not be reached. Open them again.</p>}
      {diff === null && <p className="mt-1 text-ink-faint">Nothing was sent of them.</p>}
      {diff && (
        <Scroll label="Changes beside the commit" className="mt-2 max-h-96 rounded-md border border-line">
          <pre className="min-w-max p-3 font-mono text-xs leading-5" translate="no">
            {diff.split("\n").map((line, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line of a diff is its place
              <span key={i} className={`block ${colourOf(line)}`}>
                {line || " "}
              </span>
            ))}
          </pre>
        </Scroll>
      )}
    </details>
  );
}

const colourOf = (line: string): string => {
  if (/^(\+\+\+|---|diff |index )/.test(line)) return "font-semibold text-ink";
  if (line.startsWith("+")) return "text-good";
  if (line.startsWith("-")) return "text-bad";
  return line.startsWith("@@") ? "text-ink-faint" : "text-ink-soft";
};

function Packages({ packages }: { packages: Known["packages"] }) {
  const [wanted, setWanted] = useState("");
  const word = wanted.trim().toLowerCase();
  const shown = packages.filter(([name]) => name.toLowerCase().includes(word));
  return (
    <div>
      <TextField
        label={plural(packages.length, "package")}
        placeholder="Find a package"
        type="search"
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        className="max-w-80"
      />
      <Scroll label="Versions of the packages" className="mt-2 max-h-56">
        <ul className="figures grid gap-x-8 sm:grid-cols-2 xl:grid-cols-3">
          {shown.map(([name, version]) => (
            <li key={name} className="flex items-baseline justify-between gap-3 border-line border-b py-1">
              <span className="min-w-0 truncate" title={name}>
                {name}
              </span>
              <span className="text-ink-soft">{version}</span>
            </li>
          ))}
        </ul>
        <p role="status" className="py-1 text-ink-faint">
          {shown.length === 0 && "No package of that name."}
        </p>
      </Scroll>
    </div>
  );
}
