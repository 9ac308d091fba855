/** In a project, or in a team and so in all of its projects; each may do what the one before may. */
export const ROLES = ["viewer", "member", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** The most that an API key may do: look; work for sweeps as a member may; whatever its user may. */
export const KEY_SCOPES = ["read", "write", "full"] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/**
 * Who is asking, and what for. Only `engine/authorize.ts` makes one (the brand keeps others from it);
 * every read takes it beside the database and every write beside the context.
 */
declare const accessBrand: unique symbol;

export interface UserAccess {
  readonly kind: "user";
  readonly userId: number;
  /** The user's own entity; a project path without an entity means this one. */
  readonly entityId: number;
  /** Server administrator. Never set for a key whose scope is not full, or that knows one project only. */
  readonly admin: boolean;
  /** A browser session's is full. */
  readonly scope: KeyScope;
  /** All other projects look unknown to the caller. */
  readonly onlyProjectId?: number;
  /** Undefined for a browser session. */
  readonly keyId?: number;
  /** Undefined for an API key. */
  readonly sessionId?: number;
}

/** A run-scoped key: valid for one attempt of one run and nothing else. The key is the fencing token. */
export interface RunAccess {
  readonly kind: "run";
  readonly runId: number;
  readonly attempt: number;
  readonly projectId: number;
  readonly sweepId: string | null;
}

/** The server's own background work (reaping, merging). Never made from a request. */
export interface SystemAccess {
  readonly kind: "system";
}

export type Access = (UserAccess | RunAccess | SystemAccess) & { readonly [accessBrand]: true };

/** Who a repeated mutation is unique for. */
export function toCaller(access: Access): string {
  switch (access.kind) {
    case "user":
      return access.keyId === undefined ? `user:${access.userId}` : `key:${access.keyId}`;
    case "run":
      return `run:${access.runId}/${access.attempt}`;
    case "system":
      return "system";
  }
}
