import type { WireRunRow } from "@/db/queries/wire-runs";
import type { GatewayContext } from "./context";

export interface HistoryArgs {
  readonly minStep?: number | string | null;
  readonly maxStep?: number | string | null;
  readonly samples?: number | null;
}
export interface LineArgs {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
}
export interface FileArgs {
  readonly names?: readonly (string | null)[] | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly pattern?: string | null;
}

/** What is read of a run beyond its row (W31). */
export interface RunReads {
  systemMetrics(): string;
  historyKeys(context: GatewayContext): Promise<unknown>;
  historyTail(context: GatewayContext): Promise<string>;
  history(args: HistoryArgs, context: GatewayContext): Promise<string[]>;
  events(args: { samples?: number | null }, context: GatewayContext): Promise<string[]>;
  sampledHistory(args: { specs: readonly string[] }, context: GatewayContext): Promise<unknown[]>;
  logLines(args: LineArgs, context: GatewayContext): Promise<unknown>;
  files(args: FileArgs, context: GatewayContext): Promise<unknown>;
  fileCount(context: GatewayContext): Promise<number>;
}

export function readsOf(_row: WireRunRow): RunReads {
  const none = { edges: [], pageInfo: { endCursor: null, hasNextPage: false } };
  return {
    systemMetrics: () => "{}",
    historyKeys: async () => ({ lastStep: _row.lastStep ?? -1, keys: {}, sets: [] }),
    historyTail: async () => "[]",
    history: async () => [],
    events: async () => [],
    sampledHistory: async ({ specs }) => specs.map(() => []),
    logLines: async () => none,
    files: async () => none,
    fileCount: async () => 0,
  };
}
