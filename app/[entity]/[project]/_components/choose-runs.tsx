"use client";

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { ChosenBar, CompareLink, CsvButton } from "@/app/_components/chosen-bar";
import type { ProjectRun } from "@/graphql/operations/project-page";
import { flattenParams } from "@/ui/charts/prepare/rows";
import { plural } from "@/ui/format";

interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly total: number;
  toggle(ids: readonly string[], on: boolean): void;
  readonly all: readonly string[];
}

const ChoiceContext = createContext<Choice | undefined>(undefined);

/** Around a table of runs that the server drew: which of its rows are ticked, and what can be done with them. */
export function ChooseRuns(props: {
  runs: readonly ProjectRun[];
  project: string;
  projectPath: string;
  children: ReactNode;
}) {
  const { runs, project, projectPath, children } = props;
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  // What has left the list by another filter is not chosen any more.
  const chosen = useMemo(() => runs.filter(({ id }) => ids.has(id)), [runs, ids]);
  const choice: Choice = useMemo(
    () => ({
      chosen: new Set(chosen.map(({ id }) => id)),
      total: runs.length,
      all: runs.map(({ id }) => id),
      toggle: (some, on) =>
        setIds((before) => {
          const next = new Set(before);
          for (const id of some)
            if (on) next.add(id);
            else next.delete(id);
          return next;
        }),
    }),
    [chosen, runs],
  );
  // Each run has its own sweep's metric, so the column has no metric's name.
  const csv = (name: string, some: readonly ProjectRun[], title: string) => (
    <CsvButton
      name={`${project} ${name}`}
      runs={() => some.map((run) => ({ ...run, flat: flattenParams(run.params), metrics: new Map() }))}
      metric={undefined}
      title={title}
    />
  );
  return (
    <ChoiceContext value={choice}>
      <div className="mb-2 flex justify-end">
        {csv("runs", runs, `The ${plural(runs.length, "run")} listed here`)}
      </div>
      {children}
      {chosen.length > 0 && (
        <ChosenBar status={`${plural(chosen.length, "run")} chosen`} onNone={() => setIds(new Set())}>
          <CompareLink projectPath={projectPath} names={chosen.map(({ name }) => name)} />
          {csv("chosen runs", chosen, "The chosen runs")}
          {chosen.length === 1 && <p className="text-ink-faint text-sm">Choose another one to compare.</p>}
        </ChosenBar>
      )}
    </ChoiceContext>
  );
}

/** The tick of one run, or of all that are listed. */
export function ChooseRun({ id, label }: { id?: string; label: string }) {
  const choice = useContext(ChoiceContext);
  if (!choice) return null;
  const { chosen, total, all, toggle } = choice;
  const on = id === undefined ? chosen.size === total && total > 0 : chosen.has(id);
  return (
    <label className="inline-flex size-6 items-center justify-center">
      <input
        type="checkbox"
        aria-label={label}
        checked={on}
        ref={(box) => {
          if (box) box.indeterminate = id === undefined && chosen.size > 0 && !on;
        }}
        onChange={(event) => toggle(id === undefined ? all : [id], event.target.checked)}
        className="size-4 accent-(--ink)"
      />
    </label>
  );
}
