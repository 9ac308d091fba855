import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type Client, createClient } from "graphql-ws/client";
import { withBase } from "@/app/_lib/base";
import { textOf } from "@/graphql/operations/document";
import { isFinal, type LiveStatus, toStatus, worstOf } from "./live-status";

/** An idle connection is asked for a sign of life this often ... */
const PING_MS = 3_000;
/** ... and given up when the answer takes longer: a pulled cable is noticed within 7 s. */
const PONG_WAIT_MS = 4_000;
const RETRY_MS = [250, 500, 1_000, 2_000, 3_000];

export interface Live {
  /**
   * Delivers until the returned function is called, or the server refuses for good, across lost connections:
   * `variables` is asked again at each new start, so a cursor in it makes the new subscription begin where the old
   * one broke off.
   * @param onProblem an update without data, after which the next ones come, or why there will be none; without it both end the
   * subscription, which begins anew unless the end is final
   */
  subscribe<R, V extends Record<string, unknown>>(
    document: TypedDocumentNode<R, V>,
    variables: () => V,
    onNext: (data: R) => void,
    onProblem?: (message: string) => void,
  ): () => void;
  close(): void;
}

/** One socket for the page. The session's cookie authenticates it. */
export function openLive(onStatus: (status: LiveStatus) => void): Live {
  const closing = new AbortController();
  const client = openClient();
  const statuses = new Map<symbol, LiveStatus>();
  return {
    subscribe(document, variables, onNext, onProblem) {
      const ended = new AbortController();
      const signal = AbortSignal.any([closing.signal, ended.signal]);
      const self = Symbol();
      const tell = (status: LiveStatus) => {
        statuses.set(self, status);
        onStatus(worstOf(statuses.values()));
      };
      tell("connecting");
      void keepSubscribed(
        client,
        () => ({ query: textOf(document), variables: variables() }),
        { onNext, onProblem },
        tell,
        signal,
      );
      return () => {
        ended.abort();
        statuses.delete(self);
      };
    },
    close() {
      closing.abort();
      void client.dispose();
    },
  };
}

function openClient(): Client {
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: location.origin.replace(/^http/, "ws") + withBase("/graphql"),
    // `keepSubscribed` starts again with fresh variables; the client itself would resend the old cursor.
    retryAttempts: 0,
    connectionAckWaitTimeout: 5_000,
    keepAlive: PING_MS,
    // Two subscriptions of a page come and go together: keep the socket between them.
    lazyCloseTimeout: 1_000,
    on: {
      ping: (received) => {
        if (!received) pongTimer = setTimeout(() => client.terminate(), PONG_WAIT_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
      closed: () => clearTimeout(pongTimer),
    },
  });
  return client;
}

async function keepSubscribed<R>(
  client: Client,
  toPayload: () => { query: string; variables: Record<string, unknown> },
  { onNext, onProblem }: Listener<R>,
  tell: (status: LiveStatus) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    const heard = () => {
      failures = 0;
      // Not the socket's opening: a subscription that broke off alone comes back on the same socket.
      tell("live");
    };
    const end = await subscribeOnce<R>(client, toPayload(), signal, {
      onNext(data) {
        heard();
        onNext(data);
      },
      onProblem,
    });
    if (signal.aborted) return;
    tell(end);
    if (isFinal(end)) return;
    await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 3_000, signal);
  }
}

interface Listener<R> {
  readonly onNext: (data: R) => void;
  readonly onProblem: ((message: string) => void) | undefined;
}

const toMessage = (errors: readonly { readonly message: string }[] | undefined): string =>
  errors?.map(({ message }) => message).join("; ") ?? "";

/** Settles when the subscription is over, with what that means for the page. */
function subscribeOnce<R>(
  client: Client,
  payload: { query: string; variables: Record<string, unknown> },
  signal: AbortSignal,
  { onNext, onProblem }: Listener<R>,
): Promise<LiveStatus> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = (reason?: unknown) => {
      over.abort(); // the page's signal outlives many reconnections: none leaves a listener on it
      resolve(toStatus(reason));
    };
    const unsubscribe = client.subscribe<R>(payload, {
      next: ({ data, errors }) => {
        if (data) return onNext(data);
        if (onProblem) return onProblem(toMessage(errors));
        end(errors);
        unsubscribe();
      },
      error: (reason) => {
        if (Array.isArray(reason)) onProblem?.(toMessage(reason));
        end(reason);
      },
      complete: end,
    });
    signal.addEventListener("abort", unsubscribe, { signal: over.signal });
  });
}

/** Ends early when the browser says that the network is back. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(done, ms + Math.random() * 250);
    window.addEventListener("online", done, { signal: over.signal });
    signal.addEventListener("abort", done, { signal: over.signal });
  });
}
