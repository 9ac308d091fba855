import type { Database } from "@/db/client";
import { type AgentNews, readAgentNews } from "@/db/queries/agent-news";
import type { CallersLine } from "./context";
import { type Change, onChange, onForeignChange } from "./events";
import type { NamedAttempt } from "./named-attempts";
import { perDatabase } from "./recent";

/** Between two questions to the database, for all agents that wait on this server: a stop is heard of within this time. */
const REST_MS = 250;
/** A signal of another server may be lost. */
const POLL_MS = 2_000;
/** A server that is about to stop keeps nobody; but whoever comes again at once shall not come in a circle. */
const FAREWELL_MS = 250;

export interface Waiting {
  /** The first news of the agent that `isNew` takes, or undefined when the time is over, the caller gone or the server about to stop. */
  news(options: {
    waitMs: number;
    isNew: (news: AgentNews) => boolean;
    line: CallersLine | undefined;
  }): Promise<AgentNews | undefined>;
  leave(): void;
}

interface Waiter {
  readonly sweepId: string;
  readonly agentId: number;
  /** What it had in hand: one that is deleted is news as well. */
  readonly attempts: readonly NamedAttempt[];
  tell: (news: AgentNews) => void;
  end: () => void;
  /** It was told something while its heartbeat was still being taken, and may not have read that itself. */
  early: boolean;
}

/**
 * Heartbeats that wait for something to say. No connection is held meanwhile: one statement asks for all of a server's waiting agents whose sweep
 * has changed, at most each REST_MS, and each POLL_MS for all of them.
 */
class WaitingRoom {
  readonly #waiters = new Set<Waiter>();
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #asking = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #closing = false;
  #deaf = () => {};

  constructor(private readonly db: Database) {}

  get size(): number {
    return this.#waiters.size;
  }

  /** Before the agent's state is read: what changes from then on is heard. */
  join(who: Pick<Waiter, "sweepId" | "agentId" | "attempts">): Waiting {
    const tell = () => {
      waiter.early = true;
    };
    const waiter: Waiter = { ...who, tell, end() {}, early: false };
    if (this.#waiters.size === 0) this.#open();
    this.#waiters.add(waiter);
    return {
      news: ({ waitMs, isNew, line }) => this.#news(waiter, waitMs, isNew, line),
      leave: () => {
        if (this.#waiters.delete(waiter) && this.#waiters.size === 0) this.#close();
      },
    };
  }

  /** The server is about to stop. */
  dismiss(): void {
    this.#closing = true;
    for (const waiter of this.#waiters) waiter.end();
  }

  #news(
    waiter: Waiter,
    waitMs: number,
    isNew: (news: AgentNews) => boolean,
    line: CallersLine | undefined,
  ): Promise<AgentNews | undefined> {
    const startedAt = performance.now();
    return new Promise<AgentNews | undefined>((resolve) => {
      const timer = setTimeout(() => waiter.end(), this.#closing ? Math.min(waitMs, FAREWELL_MS) : waitMs);
      let stopListening: (() => void) | undefined;
      const done = (news?: AgentNews) => {
        clearTimeout(timer);
        stopListening?.();
        waiter.tell = () => {};
        waiter.end = () => {};
        resolve(news);
      };
      waiter.end = () => done();
      waiter.tell = (news) => {
        if (isNew(news)) done(news);
      };
      if (waiter.early) this.#wake(waiter.sweepId);
      // The caller may be gone by now.
      stopListening = line?.onGone(() => waiter.end());
    }).finally(() => {
      if (line) line.waitedMs += performance.now() - startedAt;
    });
  }

  #open(): void {
    const hear = ({ sweepId, kinds }: Pick<Change, "sweepId" | "kinds">) => {
      if (sweepId !== null && (kinds.has("run") || kinds.has("sweep") || kinds.has("agent")))
        this.#wake(sweepId);
    };
    const ears = [
      onChange(hear),
      onForeignChange((change) => {
        if (change === "everything") this.#wakeAll();
        else hear(change);
      }),
    ];
    this.#deaf = () => {
      for (const end of ears) end();
    };
    this.#poll = setInterval(() => this.#wakeAll(), POLL_MS);
    this.#poll.unref();
  }

  #close(): void {
    this.#deaf();
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
  }

  #wakeAll(): void {
    for (const { sweepId } of this.#waiters) this.#wake(sweepId);
  }

  #wake(sweepId: string): void {
    this.#changed.add(sweepId);
    if (this.#asking || this.#timer !== undefined) return;
    const restMs = this.#askedAt + REST_MS - performance.now();
    this.#timer = setTimeout(() => void this.#ask(), Math.max(0, restMs));
  }

  async #ask(): Promise<void> {
    this.#timer = undefined;
    const asked = [...this.#waiters].filter(({ sweepId }) => this.#changed.has(sweepId));
    this.#changed.clear();
    if (asked.length === 0) return;
    this.#asking = true;
    this.#askedAt = performance.now();
    try {
      const news = await readAgentNews(this.db.sql, asked);
      for (const waiter of asked) {
        const own = news.get(waiter.agentId);
        if (own !== undefined) waiter.tell(own);
      }
    } catch {
      // The database is away: the poll asks again, and heartbeats end by their own time.
    } finally {
      this.#asking = false;
    }
    const [next] = this.#changed;
    if (next !== undefined) this.#wake(next);
  }
}

const roomOf = perDatabase((db) => new WaitingRoom(db));

/** To be called before the agent's state is read; whoever calls it leaves. */
export const awaitNews = (
  db: Database,
  who: { sweepId: string; agentId: number; attempts: readonly NamedAttempt[] },
): Waiting => roomOf(db).join(who);

/** Heartbeats that wait at this moment. */
export const waitingAgents = (db: Database): number => roomOf(db).size;

/** Answers all that wait, and keeps nobody waiting from now on: the server is about to stop. */
export const dismissWaiting = (db: Database): void => roomOf(db).dismiss();
