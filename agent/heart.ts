import type { Client } from "@/client/client";
import { type AppError, isAppError } from "@/core/errors";
import {
  type AttemptCommand,
  type AttemptRef,
  Heartbeat,
  type HeartbeatDirective,
  type StartedProcess,
} from "@/graphql/operations";

/** What the server may want of an agent. */
export interface Wishes {
  onCommand: (attempt: AttemptRef, command: AttemptCommand) => void;
  /** Never called with CONTINUE. */
  onDirective: (directive: Exclude<HeartbeatDirective, "CONTINUE">) => void;
}

export interface HeartOptions extends Wishes {
  client: Client;
  agentId: () => string;
  /** Attempts held here, those whose last data is still on its way included. */
  attempts: () => AttemptRef[];
  /** The processes of attempts held here, as far as they have been started. */
  started: () => StartedProcess[];
  /** The server doesn't answer; called once an outage. */
  onLost: (error: AppError) => void;
  onFound: () => void;
  /** It answered that it won't have us (a revoked key, a deleted agent). */
  onRefused: (error: AppError) => void;
  /** Each beat, whether the server is there or not. */
  onBeat?: () => void;
  intervalMs: number;
}

/** Answers that no repetition changes. */
const FINAL: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "AGENT_UNKNOWN",
  "BAD_INPUT",
]);

/** Keeps the leases of this agent's attempts, and brings the server's wishes about them. */
export class Heart {
  private timer: NodeJS.Timeout | undefined;
  private beating = false;
  private lost = false;
  /** Attempts whose process the server knows. */
  private readonly told = new Set<string>();
  private readonly stopped = new AbortController();

  constructor(private readonly options: HeartOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.beat(), this.options.intervalMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.stopped.abort();
  }

  /** One beat; a second one is not started while the first waits. While the server is away, it tries on and on. */
  async beat(): Promise<void> {
    if (this.beating || this.stopped.signal.aborted) return;
    this.beating = true;
    this.options.onBeat?.();
    const { client, agentId, attempts, onRefused } = this.options;
    const started = this.options.started().filter((one) => !this.told.has(toKey(one)));
    try {
      const answer = await client.mutate(
        Heartbeat,
        { input: { agentId: agentId(), attempts: attempts(), ...(started.length > 0 && { started }) } },
        {
          // The list of attempts goes stale meanwhile: better a new beat than an old one repeated for long.
          patienceMs: this.options.intervalMs,
          signal: this.stopped.signal,
          onTrouble: (error) => this.lose(error),
        },
      );
      for (const one of started) this.told.add(toKey(one));
      this.obey(answer);
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      if (!isAppError(error)) throw error;
      if (FINAL.has(error.code)) onRefused(error);
      else this.lose(error);
    } finally {
      this.beating = false;
    }
    if (this.lost && !this.stopped.signal.aborted) setTimeout(() => void this.beat(), 500).unref();
  }

  private obey({
    commands,
    directive,
  }: {
    commands: (AttemptRef & { command: AttemptCommand })[];
    directive: HeartbeatDirective | null;
  }) {
    if (this.lost) this.options.onFound();
    this.lost = false;
    for (const { command, ...attempt } of commands) this.options.onCommand(attempt, command);
    if (directive !== null && directive !== "CONTINUE") this.options.onDirective(directive);
  }

  private lose(error: AppError): void {
    if (!this.lost) this.options.onLost(error);
    this.lost = true;
  }
}

const toKey = ({ runId, attempt }: AttemptRef): string => `${runId}/${attempt}`;
