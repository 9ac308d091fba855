/**
 * connecting: not yet; live: every subscription has brought something; lost: one broke off and is sought again;
 * signed-out: the server no longer knows the session. The rest is final, nothing is tried again: outdated: the server
 * no longer understands what this page asks (it was upgraded, or its database exchanged); forbidden: the role is
 * gone; gone: what was looked at was deleted.
 */
export const LIVE_STATUSES = [
  "live",
  "connecting",
  "lost",
  "signed-out",
  "outdated",
  "forbidden",
  "gone",
] as const;
export type LiveStatus = (typeof LIVE_STATUSES)[number];

/** graphql-ws close codes for "not you". */
const REFUSED = new Set([4401, 4403]);

const MEANINGS: Readonly<Record<string, LiveStatus>> = {
  UNAUTHENTICATED: "signed-out",
  BAD_INPUT: "outdated",
  FORBIDDEN: "forbidden",
  NOT_FOUND: "gone",
};

export const isFinal = (status: LiveStatus): boolean =>
  status === "outdated" || status === "forbidden" || status === "gone";

/** What the end of a subscription means: `reason` is a close event or a list of GraphQL errors, nothing when it just ended. */
export function toStatus(reason: unknown): LiveStatus {
  if (Array.isArray(reason))
    return worstOf(reason.map((error) => MEANINGS[error?.extensions?.code] ?? "lost"));
  const code = typeof reason === "object" && reason !== null && "code" in reason ? reason.code : undefined;
  return typeof code === "number" && REFUSED.has(code) ? "signed-out" : "lost";
}

/** A page is as well as its worst subscription. */
export const worstOf = (statuses: Iterable<LiveStatus>): LiveStatus =>
  [...statuses].reduce(
    (worst, one) => (LIVE_STATUSES.indexOf(one) > LIVE_STATUSES.indexOf(worst) ? one : worst),
    "live" as LiveStatus,
  );
