/** What happened, told after commit and within this process only; `db/notify.ts` carries it to the other servers. */
export type ChangeKind = "sweep" | "run" | "metrics" | "output" | "agent";

export interface Change {
  readonly projectId: number;
  readonly sweepId: string | null;
  /** Null when it is about the sweep, or about several of its runs. */
  readonly runId: number | null;
  readonly kinds: ReadonlySet<ChangeKind>;
}

const listeners = new Set<(change: Change) => void>();

/** @returns a function that ends the listening */
export function onChange(listener: (change: Change) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function emitChange(
  projectId: number,
  sweepId: string | null,
  runId: number | null,
  ...kinds: ChangeKind[]
): void {
  if (listeners.size === 0) return;
  const change: Change = { projectId, sweepId, runId, kinds: new Set(kinds) };
  for (const listener of listeners) listener(change);
}
