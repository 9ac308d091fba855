import type { SweepHead } from "@/graphql/operations/pages";
import { CommandBlock } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";

/** Before the first run: the one thing to do, ready to paste, with this sweep's own id and this server's address. */
export function FirstSteps({ head, serverUrl }: { head: SweepHead; serverUrl: string }) {
  return (
    <Panel id="first-steps" title="Start an agent">
      <p className="mb-3 text-ink-soft">
        The sweep is ready and waits for someone to work on it. Run this where your training program lives, as
        often and on as many machines as you like. The first run appears here by itself.
      </p>
      <CommandBlock command={head.agentCommand} label="Copy" />
      <p className="mt-5 mb-2 text-ink-faint text-sm">
        On another machine, say also where this server is and who you are:
      </p>
      <CommandBlock command={`BESOM_URL=${serverUrl} BESOM_API_KEY=... ${head.agentCommand}`} label="Copy" />
    </Panel>
  );
}
