/** How far the agent is on its way out. Each stage includes the ones before it. */
export const STAGES = ["working", "finishing", "stopping", "killing"] as const;
export type Stage = (typeof STAGES)[number];

/**
 * One press of Ctrl-C can arrive twice: the terminal sends it to every process of the group, and npx sends what it
 * got on to us. Two presses that count are further apart than this.
 */
const SAME_PRESS_MS = 400;

/**
 * The way out, upwards only. finishing: no new runs, those under way may end. stopping: they get SIGTERM, and SIGKILL
 * after the grace. killing: SIGKILL now. Ctrl-C climbs one stage a press; SIGTERM and a closed terminal stop at once.
 */
export class Ladder {
  stage: Stage = "working";
  private readonly listeners = new Set<(stage: Stage) => void>();
  private pressedAtMs = Number.NEGATIVE_INFINITY;

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

  interrupt(nowMs = performance.now()): void {
    if (nowMs - this.pressedAtMs < SAME_PRESS_MS) return;
    this.pressedAtMs = nowMs;
    this.climbTo(STAGES[STAGES.indexOf(this.stage) + 1] ?? "killing");
  }

  terminate(nowMs = performance.now()): void {
    if (nowMs - this.pressedAtMs < SAME_PRESS_MS) return;
    this.pressedAtMs = nowMs;
    this.climbTo(this.isAtLeast("stopping") ? "killing" : "stopping");
  }

  /** Takes the process's signals until the returned function is called. */
  listen(): () => void {
    const interrupt = () => this.interrupt();
    const terminate = () => this.terminate();
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", terminate);
    process.on("SIGHUP", terminate);
    return () => {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", terminate);
      process.off("SIGHUP", terminate);
    };
  }
}
