import { pause } from "@/client/backoff";
import type { Client } from "@/client/client";
import { isAppError } from "@/core/errors";
import { type AttemptRef, Heartbeat, type HeartbeatDirective } from "@/graphql/operations";
import type { Wishes } from "./heart";

export interface ListenerOptions extends Wishes {
  client: Client;
  agentId: () => string;
  attempts: () => AttemptRef[];
}

/** What a wish may take to arrive costs nothing as long as nobody wishes. Below what proxies cut off (30 s and more). */
const WAIT_MS = 15_000;
/** For each try: the wait, and what the server needs besides. */
const REQUEST_MS = WAIT_MS + 10_000;
/** A wish stands until it is fulfilled, and is told again and again meanwhile. */
const AFTER_WISH_MS = 1_000;
/** After a trouble; the heart is the one to tell of it. */
const AFTER_TROUBLE_MS = 2_000;

/**
 * Hears at once what the server wants: it keeps one question open that is answered when there is something to say. The heart beats
 * beside it and keeps the leases, whatever becomes of this.
 */
export class Listener {
  private readonly stopped = new AbortController();

  constructor(private readonly options: ListenerOptions) {}

  start(): void {
    void this.listen();
  }

  stop(): void {
    this.stopped.abort();
  }

  private async listen(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      const startMs = performance.now();
      const heard = await this.ask();
      if (heard === "refused") return;
      const quick = performance.now() - startMs < 100;
      if (heard === "trouble") await pause(AFTER_TROUBLE_MS, signal);
      else if (heard === "wish" || quick) await pause(AFTER_WISH_MS, signal);
    }
  }

  private async ask(): Promise<"wish" | "nothing" | "trouble" | "refused"> {
    const { client, agentId, attempts, onCommand, onDirective } = this.options;
    const { signal } = this.stopped;
    try {
      const { commands, directive } = await client.mutate(
        Heartbeat,
        { input: { agentId: agentId(), attempts: attempts(), waitMs: WAIT_MS } },
        { patienceMs: 0, requestMs: REQUEST_MS, signal },
      );
      if (signal.aborted) return "nothing";
      for (const { command, ...attempt } of commands) onCommand(attempt, command);
      const wish: HeartbeatDirective = directive ?? "CONTINUE";
      if (wish !== "CONTINUE") onDirective(wish);
      return commands.length > 0 || wish !== "CONTINUE" ? "wish" : "nothing";
    } catch (error) {
      // A server that is older than this question: the heart alone asks then.
      return isAppError(error) && error.code === "BAD_INPUT" ? "refused" : "trouble";
    }
  }
}
