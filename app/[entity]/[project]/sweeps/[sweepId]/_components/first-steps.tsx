import type { SweepHead } from "@/graphql/operations/pages";
import { CommandBlock } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";

/** Before the first run: the one thing to do, ready to paste, with this sweep's own id. */
export function FirstSteps({ head }: { head: SweepHead }) {
  return (
    <Panel id="first-steps" title="Start an agent">
      <p className="mb-3 text-ink-soft">
        The sweep waits for someone to work on it. Run this in your program's folder on any machine with Node,
        as often as you like: the agents share the work. The first run appears here by itself.
      </p>
      <CommandBlock command={head.workerCommand} label="Copy" />
      <p className="mt-3 mb-2 text-ink-faint text-sm">Or, in a clone of Besom:</p>
      <CommandBlock command={head.agentCommand} label="Copy" />
    </Panel>
  );
}
