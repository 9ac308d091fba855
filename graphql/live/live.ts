import type { Access } from "@/core/access";
import type { Database } from "@/db/client";
import {
  isSweepScope,
  openNotifier,
  projectScope,
  runScope,
  type Signal,
  toUserId,
  userScope,
} from "@/db/notify";
import { findChanged } from "@/db/queries/changes";
import { BEGINNING } from "@/db/snapshot";
import { forgetAccess } from "@/engine/authorize";
import type { Logger } from "@/engine/context";
import { type Change, emitForeignChange, onAccessChange, onChange, type Whose } from "@/engine/events";
import { checkImportance, type ImportanceQuery } from "@/engine/importance";
import { type AgentItem, openAgentSource } from "./agent-changes";
import { Feed, type Item, type Source, type Subscriber } from "./feed";
import { Gate } from "./gate";
import { type ImportanceItem, openImportanceSource } from "./importance-changes";
import { type MetricItem, type MetricScope, openMetricSource } from "./metric-changes";
import { type OutputItem, type OutputScope, openOutputSource } from "./output-changes";
import { openProjectSource, type ProjectItem } from "./project-changes";
import { openRunSource } from "./run-changes";
import { openSweepSource, type SweepItem } from "./sweep-changes";

/** A lost signal costs this long. */
const POLL_MS = 1_000;
/** Rows of runs that only logged metrics are sent this late: their summary is no news each 100 ms. */
const SUMMARY_DELAY_MS = 1_000;
/** In a signal; users are numbered from 1. */
const EVERYBODY = 0;
/** Of a connection pool of 12: subscribers who come back all at once leave connections to the others. */
const READINGS_AT_ONCE = 4;

/** Live changes on this server: who looks at what, and who has to be woken. One a server. */
export interface Live {
  project(projectId: number, cursor?: string): Subscriber<ProjectItem>;
  sweep(sweepId: string, cursor?: string): Subscriber<SweepItem>;
  agents(sweepId: string): Subscriber<AgentItem>;
  run(run: { runId: number; sweepId: string | null }): Subscriber<Item>;
  metrics(scope: MetricScope, cursor?: string): Subscriber<MetricItem>;
  output(scope: OutputScope, cursor?: string): Subscriber<OutputItem>;
  /** Without a cursor: its first update is the answer as it is now. */
  importance(query: ImportanceQuery, projectId: number): Subscriber<ImportanceItem>;
  /** Rights of these users have changed, here or at another server, and are no longer remembered. @returns ends the listening */
  onAccess(listener: (whose: Whose) => void): () => void;
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
  readonly source: Source<Item>;
  wake(kinds: ReadonlySet<string>): void;
}

type Kinds = ReadonlySet<string>;
const changesRows = (kinds: Kinds): boolean => kinds.has("sweep") || kinds.has("run") || kinds.has("agent");

export function openLive({ db, access, log }: LiveOptions): Live {
  const feeds = new Map<string, Open>();
  /** Scope to the names of the feeds that look there. */
  const lookers = new Map<string, Set<string>>();
  const onError = (error: unknown) =>
    log.warn({ err: error }, "reading changes failed; tried again in a second");

  const gate = new Gate(READINGS_AT_ONCE);
  /** These wait for a thread, not for connections. */
  const patient = new Gate(Number.POSITIVE_INFINITY);
  const accessListeners = new Set<(whose: Whose) => void>();
  const tellAccess = (whose: Whose) => {
    forgetAccess(db);
    for (const listener of accessListeners) listener(whose);
  };

  const wake = (signal: Exclude<Signal, "everything">) => {
    for (const [scope, kinds] of signal) {
      for (const name of lookers.get(scope) ?? []) feeds.get(name)?.wake(kinds);
    }
  };
  const onSignal = (signal: Signal) => {
    if (signal === "everything") {
      for (const { feed } of feeds.values()) feed.wake();
      emitForeignChange("everything");
      return tellAccess("everybody");
    }
    wake(signal);
    for (const [scope, kinds] of signal) {
      if (isSweepScope(scope) && changesRows(kinds))
        emitForeignChange({ sweepId: scope, kinds: kinds as Change["kinds"] });
    }
    const userIds = [...signal.keys()].map(toUserId).filter((id) => id !== undefined);
    if (userIds.length > 0) tellAccess(userIds.includes(EVERYBODY) ? "everybody" : userIds);
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
    wake(new Map(scopes.map((scope) => [scope, kinds])));
    for (const scope of scopes) notifier.send(scope, kinds);
  });
  const stopListeningAccess = onAccessChange((whose) => {
    tellAccess(whose);
    for (const userId of whose === "everybody" ? [EVERYBODY] : whose)
      notifier.send(userScope(userId), ["access"]);
  });

  let polling = false;
  /** What signals should have said already: one statement, however many pages are open. */
  const pollAll = async () => {
    if (polling || feeds.size === 0) return;
    polling = true;
    try {
      const probes = [...feeds].flatMap(([name, { feed, source }]) =>
        feed.cursor === undefined ? [] : source.probe(name, feed.cursor),
      );
      if (probes.length === 0) return;
      for (const name of await findChanged(db, access, probes)) feeds.get(name)?.feed.wake();
    } catch (error) {
      onError(error);
    } finally {
      polling = false;
    }
  };
  const poll = setInterval(() => void pollAll(), POLL_MS);
  poll.unref();

  const open = <T extends Item>(
    name: string,
    scopes: readonly string[],
    openSource: () => Source<T>,
    /** How urgent a change of these kinds is; undefined when it is none of the feed's business. */
    delayMs: (kinds: Kinds) => number | undefined,
    readings = gate,
  ): Feed<T> => {
    const known = feeds.get(name);
    if (known !== undefined) return known.feed as unknown as Feed<T>;
    const source = openSource();
    const onIdle = () => {
      source.close?.();
      feeds.delete(name);
      for (const scope of scopes) {
        const names = lookers.get(scope);
        names?.delete(name);
        if (names?.size === 0) lookers.delete(scope);
      }
    };
    const feed = new Feed(source, onIdle, readings);
    feeds.set(name, {
      feed: feed as unknown as Feed<Item>,
      source: source as unknown as Source<Item>,
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
    project: (projectId, cursor) =>
      open(
        `project ${projectId}`,
        [projectScope(projectId)],
        () => openProjectSource(db, access, projectId, onError),
        (kinds) => (changesRows(kinds) ? 0 : kinds.has("metrics") ? SUMMARY_DELAY_MS : undefined),
      ).subscribe(cursor),
    sweep: (sweepId, cursor) =>
      open(
        `sweep ${sweepId}`,
        [sweepId],
        () => openSweepSource(db, access, sweepId, onError),
        (kinds) => (changesRows(kinds) ? 0 : SUMMARY_DELAY_MS),
      ).subscribe(cursor),
    agents: (sweepId) =>
      open(
        `agents ${sweepId}`,
        [sweepId],
        () => openAgentSource(db, access, sweepId, onError),
        (kinds) => (kinds.has("run") || kinds.has("agent") ? 0 : undefined),
      ).subscribe(),
    run: ({ runId, sweepId }) =>
      open(
        `run ${runId}`,
        // What happens to several runs at once (claims, an end of the sweep) is told of the sweep alone.
        sweepId === null ? [runScope(runId)] : [runScope(runId), sweepId],
        () => openRunSource(db, access, runId, onError),
        (kinds) => (kinds.has("run") ? 0 : kinds.has("metrics") ? SUMMARY_DELAY_MS : undefined),
      ).subscribe(),
    output(scope, cursor) {
      const { runId, attempt } = scope;
      return open(
        `output ${runId}/${attempt ?? "current"}`,
        [runScope(runId)],
        () => openOutputSource(db, access, scope, onError),
        (kinds) => (kinds.has("output") ? 0 : undefined),
      ).subscribe(cursor);
    },
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
    importance: (query, projectId) =>
      open(
        `importance ${checkImportance(query).hash}`,
        query.scope === "project" ? [query.sweepId, projectScope(projectId)] : [query.sweepId],
        () => openImportanceSource(db, query, projectId, onError),
        (kinds) => (kinds.has("run") || kinds.has("sweep") ? 0 : undefined),
        patient,
      ).subscribe(BEGINNING),
    onAccess(listener) {
      accessListeners.add(listener);
      return () => accessListeners.delete(listener);
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
      stopListeningAccess();
      clearInterval(poll);
      await notifier.close();
    },
  };
}
