import type { SweepHead } from "@/graphql/operations/pages";
import { CommandBlock } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";

/** Before the first run: the one thing to do, ready to paste, with this sweep's own id and this server's address. */
export function FirstSteps({ head, serverUrl }: { head: SweepHead; serverUrl: string }) {
  return (
    <Panel id="first-steps" title="Start an agent" className="mt-8">
      <div className="max-w-2xl">
        <p className="mb-3 text-ink-soft">
          The sweep is ready and waits for someone to work on it. Run this where your training program lives,
          on as many machines as you like; the first run appears here by itself.
        </p>
        <CommandBlock command={head.agentCommand} label="Copy" />
        <p className="mt-3 text-ink-faint text-sm">
          On another machine the agent needs to know this server and who you are: set{" "}
          <code className="font-mono text-xs">BESOM_URL={serverUrl}</code> and{" "}
          <code className="font-mono text-xs">BESOM_API_KEY</code> there first.
        </p>
      </div>
    </Panel>
  );
}
