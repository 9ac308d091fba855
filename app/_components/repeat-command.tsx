"use client";

import { useEffect, useState } from "react";
import { readFacts } from "@/app/_lib/facts";
import { toShellLine } from "@/app/_lib/shell";
import { request } from "@/app/_live/request";
import { RunCommand } from "@/graphql/operations/run-page";
import { CommandBlock } from "@/ui/kit/copy";

/** The command line that a run was started as, to run it once more by hand. Nothing where nobody said it. */
export function RepeatCommand({ runId, label }: { runId: string; label: string }) {
  const [words, setWords] = useState<readonly string[]>();
  useEffect(() => {
    const left = new AbortController();
    setWords(undefined);
    request(RunCommand, { id: runId }, left.signal).then(
      ({ run }) => setWords(toCommand(run?.attempts ?? [])),
      () => {},
    );
    return () => left.abort();
  }, [runId]);
  if (words === undefined || words.length === 0) return null;
  return (
    <div className="mt-4">
      <p className="mb-1 text-ink-faint text-xs">{label}</p>
      <CommandBlock command={toShellLine(words)} label="Copy" />
    </div>
  );
}

/** Of the newest attempt that tells it; what an agent noted is cut where it is long, the facts are not. */
export function toCommand(
  attempts: readonly { readonly command: readonly string[] | null; readonly facts: object | null }[],
): readonly string[] {
  for (const { command, facts } of attempts.toReversed()) {
    const { argv } = facts ? readFacts(facts) : {};
    if (argv && argv.length > 0) return argv;
    if (command && command.length > 0) return command;
  }
  return [];
}
