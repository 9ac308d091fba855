import { openDomain } from "@/compute/search/domain";
import type { Problem, Proposal, Search } from "@/compute/search/method";
import type { Conversation } from "./conversation";
import { fromPeer, toPeerSpace, toPlain } from "./space";

/** What a search may take before it is given up, in seconds of processor time. */
export const PATIENCE = 600;

/** Another project's engine as a search like ours: asked for one trial at a time, and told what became of each. */
export function openPeer(
  conversation: Conversation,
  { config }: Problem,
  { seed, evaluations, agents }: { seed: number; evaluations: number; agents: number },
): Search {
  const domain = openDomain(config);
  const space = toPeerSpace(config);
  let asked = 0;
  const told = space.map((each) => ("values" in each ? { ...each, values: each.values.map(toPlain) } : each));
  conversation.ask({ verb: "begin", space: told, seed, evaluations, agents, seconds: PATIENCE });

  const next = (): Proposal => {
    const number = asked++;
    const answer = conversation.ask({ verb: "ask", number }) as Record<string, number>;
    const values = domain.read(fromPeer(space, answer));
    if (values === undefined) throw new RangeError(`not of the space: ${JSON.stringify(answer)}`);
    const { params, hash } = values;
    return { number, params, hash, repeat: 0, reason: "model", predicted: null, memory: null };
  };

  return {
    propose: (count) => Array.from({ length: count }, next),
    observe(event) {
      if (event.type === "failed") conversation.ask({ verb: "fail", number: event.number });
      if (event.type === "lost") conversation.ask({ verb: "lose", number: event.number });
      if (event.type !== "observed") return;
      conversation.ask({ verb: "tell", number: event.number, loss: event.objectives[0] });
    },
    snapshot() {
      throw new Error("a peer's state is its own");
    },
  };
}
