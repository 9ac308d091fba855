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

type Foreign = Pick<Change, "sweepId" | "kinds"> | "everything";
const foreignListeners = new Set<(change: Foreign) => void>();

/** What changed at another server, as far as a signal said; "everything" when one was missed. @returns a function that ends the listening */
export function onForeignChange(listener: (change: Foreign) => void): () => void {
  foreignListeners.add(listener);
  return () => foreignListeners.delete(listener);
}

export function emitForeignChange(change: Foreign): void {
  for (const listener of foreignListeners) listener(change);
}

export type Whose = readonly number[] | "everybody";

const accessListeners = new Set<(whose: Whose) => void>();

/** @returns a function that ends the listening */
export function onAccessChange(listener: (whose: Whose) => void): () => void {
  accessListeners.add(listener);
  return () => accessListeners.delete(listener);
}

/**
 * What these users may do has changed: a key was revoked, a session ended, a role given or taken, an account disabled.
 * Called after the commit. Every server forgets what it remembers of anybody's rights, and looks again at the open
 * sockets of these users; of everybody's, when what they looked at is gone.
 */
export function emitAccessChange(whose: Whose): void {
  for (const listener of accessListeners) listener(whose);
}
