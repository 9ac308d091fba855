import type { EngineContext } from "@/engine/context";
import type { Store } from "@/store/store";
import type { Live } from "./live/live";
import type { Loaders } from "./loaders";

/** What every resolver gets: the engine's context, and what reading needs beside it. One a request. */
export interface Context extends EngineContext {
  /** Those of the request; a subscription gets fresh ones with each update. */
  loaders: Loaders;
  readonly live: Live;
  /** Where people reach this server, without a slash at its end: the start of every printed URL. */
  readonly publicUrl: string;
  /** Where files lie. */
  readonly store: Store;
}
