/** Durations with the unit in the name. The lease rules are explained in docs/architecture.md. */

/** An attempt is held this long by the database's clock unless a heartbeat extends it. */
export const LEASE_MS = 20_000;
/** Four beats fit a lease, so three may be lost before a live agent loses its run. */
export const HEARTBEAT_MS = 5_000;
/** Writers without an agent have no lease; after this silence their run is crashed. */
export const SILENCE_MS = 300_000;
/** How often each server tells the database that the service is up. */
export const LIVENESS_BEAT_MS = 1_000;
/** No server's beat for longer than this is an outage: leases then start anew. */
export const OUTAGE_MS = 5_000;
/** Answers to repeated mutations are kept this long. */
export const IDEMPOTENCY_KEPT_MS = 24 * 3_600_000;
/** Between SIGTERM and SIGKILL a stopped training process may save its work. */
export const STOP_GRACE_MS = 10_000;
/** A server that stops in mid-transaction may hold a sweep's row no longer than this. */
export const IDLE_TRANSACTION_MS = 5_000;
/** A run that fails within this time of its start says more about its machine than about its parameters. */
export const FAST_FAILURE_MS = 60_000;
