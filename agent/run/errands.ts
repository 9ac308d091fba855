/** Waiting for an errand; a server that is away gets it later or never. */
export const ERRAND_PATIENCE_MS = 30_000;
const MAX_OPEN = 200;

/**
 * What is good to know but must hold nobody up: what a run was, what its machine did, warnings. Sent beside the work; what can't be
 * sent is forgotten.
 */
export class Errands {
  private readonly open = new Set<Promise<void>>();

  run(task: () => Promise<unknown>): void {
    if (this.open.size >= MAX_OPEN) return;
    const errand: Promise<void> = task()
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.open.delete(errand));
    this.open.add(errand);
  }

  /** At the end of the agent: what is under way gets this long. */
  async settle(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.all([...this.open]), late]);
    clearTimeout(timer);
  }
}
