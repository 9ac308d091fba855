"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { MOST_COMPARED } from "@/app/_lib/compare";
import { toComparePath } from "@/app/_lib/paths";
import { type CsvRun, toRunsCsv } from "@/app/_lib/runs-csv";
import { CSV_TYPE, download, toFileName } from "@/ui/charts/export";
import { Button, buttonLook } from "@/ui/kit/button";
import { CrossIcon } from "@/ui/kit/icons";

/** What can be done with the runs that are chosen in a table; stays in sight below it, and moves none of its rows. */
export function ChosenBar(props: {
  /** "3 runs chosen", or how far something is. */
  status: string;
  children: ReactNode;
  onNone: () => void;
  /** Why something was refused. */
  below?: ReactNode;
}) {
  const { status, children, onNone, below } = props;
  return (
    <section
      aria-label="Chosen runs"
      className="sticky bottom-2 z-30 mt-2 rounded-lg border border-line bg-surface px-3 py-2 shadow-(--shadow)"
    >
      <div className="flex flex-wrap items-center gap-1.5">
        <p role="status" className="figures mr-2 font-medium text-sm">
          {status}
        </p>
        {children}
        <button
          type="button"
          aria-label="Choose none"
          title="Choose none"
          onClick={onNone}
          className="ml-auto inline-flex size-8 items-center justify-center rounded-md text-ink-soft hover:bg-sunken hover:text-ink"
        >
          <CrossIcon />
        </button>
      </div>
      {below}
    </section>
  );
}

/** To the page that shows these runs side by side; nothing where they are too few or too many for it. */
export function CompareLink({ projectPath, names }: { projectPath: string; names: readonly string[] }) {
  if (names.length < 2 || names.length > MOST_COMPARED) return null;
  return (
    <Link href={toComparePath(projectPath, names)} prefetch={false} className={buttonLook("line")}>
      Compare
    </Link>
  );
}

/** Saves runs as a table for other programs. */
export function CsvButton(props: {
  /** Of the file. */
  name: string;
  runs: () => readonly CsvRun[];
  metric: string | undefined;
  title?: string;
}) {
  const { name, runs, metric, title } = props;
  return (
    <Button
      {...(title && { title })}
      onClick={() =>
        download(toFileName(name, "csv"), new Blob([toRunsCsv(runs(), metric)], { type: CSV_TYPE }))
      }
    >
      CSV
    </Button>
  );
}
