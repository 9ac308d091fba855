/** What a training program holds while it trains. */
export interface TrainingRun {
  /** The parameters: those of the sweep win over the defaults given to `init`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Never waits. Steps go forward; without one, it is the step after the last. The same step merges. */
  log(metrics: Readonly<Record<string, unknown>>, step?: number): void;
  /** Resolves when everything is with the server. Under an agent the exit code decides, and this only returns. */
  finish(state?: "finished" | "failed" | "crashed" | "killed" | "preempted"): Promise<void>;
}

export interface InitOptions {
  /** Parameters that the program uses when no sweep sets them. */
  config?: Readonly<Record<string, unknown>>;
  /** For a run outside a sweep. */
  project?: string;
  entity?: string;
  name?: string;
}

/**
 * The run that this process is. Started by an agent it reports through the agent (as lines of JSON on stdout); started by
 * hand it is a run of its own on the server.
 */
export function init(options?: InitOptions): Promise<TrainingRun>;
