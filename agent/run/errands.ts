import { setMaxListeners } from "node:events";
import { pause } from "@/client/backoff";

/** Waiting for an errand; a server that is away gets it later or never. */
export const ERRAND_PATIENCE_MS = 30_000;
const MAX_OPEN = 2_000;

/**
 * What is good to know but must hold nobody up: what a run was, what its machine did, warnings. Sent beside the work; what can't be
 * sent is forgotten.
 */
export class Errands {
  private readonly open = new Set<Promise<void>>();
  private readonly hurry = new AbortController();

  constructor() {
    setMaxListeners(0, this.hurry.signal);
  }

  /** After so long, or at the end of the agent if that comes first. */
  later(ms: number, task: () => Promise<unknown>): void {
    this.run(() => pause(ms, this.hurry.signal).then(task));
  }

  run(task: () => Promise<unknown>): void {
    if (this.open.size >= MAX_OPEN) return;
    const errand: Promise<void> = Promise.resolve()
      .then(task)
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.open.delete(errand));
    this.open.add(errand);
  }

  /** At the end of the agent: what is under way gets this long. */
  async settle(ms: number): Promise<void> {
    this.hurry.abort();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.all([...this.open]), late]);
    clearTimeout(timer);
  }
}
