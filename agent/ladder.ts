/** How far the agent is on its way out. Each stage includes the ones before it. */
export const STAGES = ["working", "finishing", "stopping", "killing"] as const;
export type Stage = (typeof STAGES)[number];

/**
 * One press of Ctrl-C can arrive twice: the terminal sends it to every process of the group, and npx sends what it
 * got on to us; a service manager sends SIGTERM and SIGHUP for one end. Two of a kind that count are further apart than this.
 */
const SAME_PRESS_MS = 400;

/** What can be caught and means something to a program; those of the terminal's job control stay the agent's own. */
export const PASSED: readonly NodeJS.Signals[] = [
  ...(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const),
  ...(["SIGALRM", "SIGVTALRM", "SIGCONT", "SIGWINCH", "SIGPWR", "SIGIO"] as const),
];
const TERMINATING: ReadonlySet<NodeJS.Signals> = new Set(["SIGTERM", "SIGHUP", "SIGQUIT"]);

/** A signal that the agent got. */
export interface Heard {
  signal: NodeJS.Signals;
  /** The runs' programs are to get it too. */
  isForwarded: boolean;
  /** Somebody wants the agent gone: its machine may be next. */
  isTerminating: boolean;
}

/**
 * The way out, upwards only. finishing: no new runs, those under way may end. stopping: they get SIGTERM, and SIGKILL
 * after the grace. killing: SIGKILL now. Ctrl-C climbs one stage a press; SIGTERM and a closed terminal stop at once,
 * unless the runs' programs get each signal too: then they decide, and SIGTERM climbs as Ctrl-C does.
 */
export class Ladder {
  stage: Stage = "working";
  private readonly listeners = new Set<(stage: Stage) => void>();
  private readonly hearers = new Set<(heard: Heard) => void>();
  /** When Ctrl-C, and when a wish to terminate, was heard last. */
  private readonly heardAtMs = { pressed: Number.NEGATIVE_INFINITY, terminating: Number.NEGATIVE_INFINITY };

  isAtLeast(stage: Stage): boolean {
    return STAGES.indexOf(this.stage) >= STAGES.indexOf(stage);
  }

  /** Goes up to `stage`; does nothing from there or above. */
  climbTo(stage: Stage): void {
    if (this.isAtLeast(stage)) return;
    this.stage = stage;
    for (const listener of [...this.listeners]) listener(stage);
  }

  onClimb(listener: (stage: Stage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Called for each signal before the ladder is climbed. */
  onSignal(hearer: (heard: Heard) => void): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  interrupt(nowMs = performance.now()): void {
    this.hear("SIGINT", { nowMs });
  }

  terminate(nowMs = performance.now()): void {
    this.hear("SIGTERM", { nowMs });
  }

  /** One signal, or the same press again. */
  hear(signal: NodeJS.Signals, { nowMs = performance.now(), forward = false } = {}): void {
    const isTerminating = TERMINATING.has(signal);
    const isEnding = isTerminating || signal === "SIGINT";
    const kind = isTerminating ? "terminating" : "pressed";
    if (isEnding && nowMs - this.heardAtMs[kind] < SAME_PRESS_MS) return;
    if (isEnding) this.heardAtMs[kind] = nowMs;
    for (const hearer of [...this.hearers]) hearer({ signal, isForwarded: forward, isTerminating });
    if (!isEnding) return;
    const next = STAGES[STAGES.indexOf(this.stage) + 1] ?? "killing";
    this.climbTo(isTerminating && !forward && next === "finishing" ? "stopping" : next);
  }

  /** Takes the process's signals until the returned function is called. */
  listen({ forward = false } = {}): () => void {
    const heard = PASSED.filter((signal) => forward || OWN.has(signal)).flatMap((signal) => {
      const hear = () => this.hear(signal, { forward });
      try {
        process.on(signal, hear);
      } catch {
        // Not every system has all of them.
        return [];
      }
      return [[signal, hear] as const];
    });
    return () => {
      for (const [signal, hear] of heard) process.off(signal, hear);
    };
  }
}

const OWN: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP"]);
