import type { Access } from "@/core/access";
import type { Database } from "@/db/client";
import { openNotifier, projectScope, runScope, type Signal } from "@/db/notify";
import type { Logger } from "@/engine/context";
import { onChange } from "@/engine/events";
import { Feed, type Item, type Source, type Subscriber } from "./feed";
import { type MetricItem, type MetricScope, openMetricSource } from "./metric-changes";
import { openSweepSource, type SweepItem } from "./sweep-changes";

/** A lost signal costs this long. */
const POLL_MS = 1_000;
/** Rows of runs that only logged metrics are sent this late: their summary is no news each 100 ms. */
const SUMMARY_DELAY_MS = 1_000;

/** Live changes on this server: who looks at what, and who has to be woken. One a server. */
export interface Live {
  sweep(sweepId: string, cursor?: string): Subscriber<SweepItem>;
  metrics(scope: MetricScope, cursor?: string): Subscriber<MetricItem>;
  /** Feeds that are read for at least one subscriber. */
  readonly feeds: number;
  readonly subscribers: number;
  readonly listening: boolean;
  close(): Promise<void>;
}

export interface LiveOptions {
  db: Database;
  /** What the shared readers may see; who may subscribe was checked before. */
  access: Access;
  log: Logger;
}

interface Open {
  readonly feed: Feed<Item>;
  wake(kinds: ReadonlySet<string>): void;
}

export function openLive({ db, access, log }: LiveOptions): Live {
  const feeds = new Map<string, Open>();
  /** Scope to the names of the feeds that look there. */
  const lookers = new Map<string, Set<string>>();
  const onError = (error: unknown) =>
    log.warn({ err: error }, "reading changes failed; tried again in a second");

  const onSignal = (signal: Signal) => {
    if (signal === "everything") return wakeAll();
    for (const [scope, kinds] of signal) {
      for (const name of lookers.get(scope) ?? []) feeds.get(name)?.wake(kinds);
    }
  };
  const wakeAll = () => {
    for (const { feed } of feeds.values()) feed.wake();
  };
  const notifier = openNotifier({
    directUrl: db.directUrl,
    onSignal,
    onTrouble: (error) => log.warn({ err: error }, "change signals between servers are interrupted"),
  });
  const stopListening = onChange(({ projectId, sweepId, runId, kinds }) => {
    const scopes = [
      projectScope(projectId),
      ...(sweepId === null ? [] : [sweepId]),
      ...(runId === null ? [] : [runScope(runId)]),
    ];
    // Our own subscribers don't wait for the round trip through the database.
    onSignal(new Map(scopes.map((scope) => [scope, kinds])));
    for (const scope of scopes) notifier.send(scope, kinds);
  });
  const poll = setInterval(wakeAll, POLL_MS);
  poll.unref();

  const open = <T extends Item>(
    name: string,
    scopes: readonly string[],
    source: () => Source<T>,
    delayMs: (kinds: ReadonlySet<string>) => number | undefined,
  ): Feed<T> => {
    const known = feeds.get(name);
    if (known !== undefined) return known.feed as unknown as Feed<T>;
    const feed = new Feed(source(), () => {
      feeds.delete(name);
      for (const scope of scopes) {
        const names = lookers.get(scope);
        names?.delete(name);
        if (names?.size === 0) lookers.delete(scope);
      }
    });
    feeds.set(name, {
      feed: feed as unknown as Feed<Item>,
      wake(kinds) {
        const delay = delayMs(kinds);
        if (delay !== undefined) feed.wake(delay);
      },
    });
    for (const scope of scopes) {
      const names = lookers.get(scope) ?? new Set();
      lookers.set(scope, names.add(name));
    }
    return feed;
  };

  return {
    sweep: (sweepId, cursor) =>
      open(
        `sweep ${sweepId}`,
        [sweepId],
        () => openSweepSource(db, access, sweepId, onError),
        (kinds) => (kinds.has("sweep") || kinds.has("run") || kinds.has("agent") ? 0 : SUMMARY_DELAY_MS),
      ).subscribe(cursor),
    metrics(scope, cursor) {
      const runIds = [...new Set(scope.runIds)].sort((a, b) => a - b);
      const scopes = scope.sweepId === undefined ? runIds.map(runScope) : [scope.sweepId];
      return open(
        `metrics ${scopes.join()}`,
        scopes,
        () => openMetricSource(db, access, scope, onError),
        (kinds) => (kinds.has("metrics") ? 0 : undefined),
      ).subscribe(cursor);
    },
    get feeds() {
      return feeds.size;
    },
    get subscribers() {
      let count = 0;
      for (const { feed } of feeds.values()) count += feed.size;
      return count;
    },
    get listening() {
      return notifier.listening;
    },
    async close() {
      stopListening();
      clearInterval(poll);
      await notifier.close();
    },
  };
}
