import type { Database } from "@/db/client";
import type { EngineContext } from "@/engine/context";
import type { Store } from "@/store/store";
import type { GatewayLoaders } from "./loaders";

/** What a resolver of the gateway gets beside the engine's context. One a request. */
export interface GatewayContext extends EngineContext {
  /** Where people reach this server, without a slash at its end: pages lie there, and this protocol below `/wandb`. */
  readonly publicUrl: string;
  /** The client's API classes, as against its runs: what they write about a run that is over does not begin it again. */
  readonly publicClient: boolean;
  /** What a page of runs asks for each of them, read for all at once. */
  readonly loaders: GatewayLoaders;
  readonly files: Files;
  /** For a run or a sweep that is asked for its project: those stand below it, and know nothing of it. */
  /** Null for one that is deleted, or that the caller may not know of. */
  readonly runOf: (runId: number) => Promise<unknown>;
  readonly projectOf: (path: { entity: string; name: string }) => Promise<unknown>;
}

/** Where files lie, for the doors that take and give them. */
export interface Files {
  readonly store: Store;
  readonly maxBytes: number;
}

/** Lists and histories are read beside what holds runs and sweeps together: whoever reads much keeps no claim waiting. */
export const reading = ({ db }: EngineContext): Database => ({ ...db, sql: db.readers });
