import type { SweepHead } from "@/graphql/operations/pages";
import { CommandBlock } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";

/** Three lines of the sweep file; docs/early-stopping.md says why this rule. */
const LINES = `early_terminate:
  type: funnel
  grace: 3`;

/** For a sweep whose runs all go on to their end: how to stop the hopeless ones, and what that would save. */
export function StoppingOffer({ head }: { head: SweepHead }) {
  if (!head.metric)
    return (
      <p className="mt-6 text-ink-faint text-sm">
        A rule of early stopping compares runs by the sweep's metric, and this sweep names none.
      </p>
    );
  const ended = head.counts.finished > 0;
  return (
    <Panel id="stopping" title="Early stopping" note="off" className="mt-6">
      <div className="grid max-w-5xl gap-x-10 gap-y-6 lg:grid-cols-2">
        <div className="min-w-0">
          <p className="mb-3 text-ink-soft text-sm">
            Every run of this sweep goes on to its own end. These lines in the sweep's file stop those that
            fall behind; <code className="font-mono text-xs">grace</code> is how many values of{" "}
            {head.metric.name} each run may log before, about a tenth of a whole run's.
          </p>
          <CommandBlock command={LINES} label="Copy" />
        </div>
        <div className="min-w-0">
          <p className="mb-3 text-ink-soft text-sm">
            On six sets of recorded training curves this rule spent about a third of the training.{" "}
            {ended
              ? "What it, and others, would have saved and lost here is told where the server runs by:"
              : "What it would save here can be asked once runs have finished, where the server runs, by:"}
          </p>
          <CommandBlock command={`npx besom simulate-stopping ${head.id}`} label="Copy" />
        </div>
      </div>
    </Panel>
  );
}
