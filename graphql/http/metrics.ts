import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Database } from "@/db/client";
import { readVitalSigns, type VitalSigns } from "@/db/queries/vital-signs";
import { spaceOf } from "@/db/space";
import { type Tally, tallyOf } from "@/engine/tally";
import { errorCounts } from "../error-counts";
import type { Service } from "../service";
import { withTimeout } from "../timeout";

/** How long the numbers of the whole database are kept: several scrapers cost one look. */
const VITAL_MS = 5_000;
/** And how long they are waited for. */
const VITAL_WAIT_MS = 1_000;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

interface Parts {
  db: Database;
  service: Service;
}

export interface OperationMetrics {
  /** @param name of a document of ours; `other` for everybody else's */
  observe(name: string, seconds: number): void;
}

/** What operators watch, beside what every Node process tells of itself. Label sets are closed lists. */
export function registerMetrics(registry: Registry, ready: () => Parts | undefined): OperationMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (parts: Parts) => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const parts = ready();
        const value = parts && read(parts);
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  gauge("besom_sockets", "Open WebSocket connections.", ({ service }) => service.stats().sockets);
  gauge(
    "besom_live_subscribers",
    "Subscriptions that are served.",
    ({ service }) => service.stats().subscribers,
  );
  gauge("besom_live_feeds", "Scopes that are read for them.", ({ service }) => service.stats().feeds);
  gauge(
    "besom_heartbeats_waiting",
    "Heartbeats of agents that wait for something to be said.",
    ({ service }) => service.stats().waiting,
  );
  gauge("besom_listening", "1 while signals of other servers arrive.", ({ service }) =>
    service.stats().listening ? 1 : 0,
  );
  gauge("besom_disk_free_bytes", "Of the disk of the embedded database.", ({ db }) => spaceOf(db).freeBytes);
  gauge("besom_disk_full", "1 while writes are refused for want of room.", ({ db }) =>
    spaceOf(db).full ? 1 : 0,
  );

  const total = (name: string, help: string, key: keyof Tally) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        const parts = ready();
        this.reset();
        if (parts) this.inc(tallyOf(parts.db)[key]);
      },
    });
  total("besom_claims_total", "Runs handed out by this server.", "claims");
  total("besom_finishes_total", "Attempts whose end was told to this server.", "finishes");
  total("besom_metric_batches_total", "Batches of metrics taken.", "batches");
  total("besom_metric_points_total", "Points of metrics taken.", "points");
  total("besom_output_bytes_total", "Bytes of output taken.", "outputBytes");
  total("besom_attempts_lost_total", "Attempts ended for want of a sign of life.", "reaped");
  total("besom_background_failures_total", "Rounds of background work that failed.", "failedRounds");
  new Counter({
    name: "besom_errors_total",
    help: "Errors that were answered, by code (docs/api.md).",
    labelNames: ["code"] as const,
    registers,
    collect() {
      this.reset();
      for (const [code, count] of errorCounts()) this.inc({ code }, count);
    },
  });

  const vital = vitalSigns();
  const sign = (name: string, help: string, read: (signs: VitalSigns) => number) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const signs = await vital(ready()?.db);
        if (signs === undefined)
          this.remove(); // reset would say 0
        else this.set(read(signs));
      },
    });
  sign("besom_runs_running", "Attempts under way, of the whole database.", ({ running }) => running);
  sign("besom_runs_queued", "Runs that wait to be handed out again.", ({ queued }) => queued);
  sign("besom_agents_alive", "Agents that are heard of.", ({ agents }) => agents);
  sign("besom_database_bytes", "Size of the database.", ({ databaseBytes }) => databaseBytes);
  new Gauge({
    name: "besom_database_connections",
    help: "Connections to the database, of all its users, by state.",
    labelNames: ["state"] as const,
    registers,
    async collect() {
      const signs = await vital(ready()?.db);
      this.reset();
      for (const { state, count } of signs?.connections ?? []) this.set({ state }, count);
    },
  });

  const operations = new Histogram({
    name: "besom_operation_seconds",
    help: "Time of GraphQL operations by HTTP: those of our own clients by name, all others as one.",
    labelNames: ["operation"] as const,
    buckets: SECONDS,
    registers,
  });
  return { observe: (operation, seconds) => operations.observe({ operation }, seconds) };
}

/** Read once for all gauges of a scrape; a database that is away has none. */
function vitalSigns(): (db: Database | undefined) => Promise<VitalSigns | undefined> {
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<VitalSigns | undefined> = Promise.resolve(undefined);
  return (db) => {
    if (db === undefined) return Promise.resolve(undefined);
    if (performance.now() - readAt > VITAL_MS) {
      readAt = performance.now();
      reading = withTimeout(readVitalSigns(db), undefined, VITAL_WAIT_MS).catch(() => undefined);
    }
    return reading;
  };
}
