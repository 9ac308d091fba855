import DataLoader from "dataloader";
import type { Access } from "@/core/access";
import type { Database } from "@/db/client";
import { readLastSamples, type SampleRow } from "@/db/queries/read-samples";
import { readSummaries, type SummaryRow } from "@/db/queries/summaries";
import { readSweepNews, type SweepNews } from "@/db/queries/wire-lists";

/** What each run of a page is asked for is read for all of them in one statement (W84). */
export interface GatewayLoaders {
  readonly summaries: DataLoader<number, readonly SummaryRow[]>;
  readonly lastSamples: DataLoader<number, SampleRow | undefined>;
  readonly sweepNews: DataLoader<string, SweepNews | undefined>;
}

export function openLoaders(db: Database, access: Access): GatewayLoaders {
  // A mutation that is followed by a read of what it wrote must not get what was there before.
  const options = { cache: false };
  return {
    summaries: new DataLoader(async (ids) => {
      const found = await readSummaries(db, access, ids);
      return ids.map((id) => found.get(id) ?? []);
    }, options),
    lastSamples: new DataLoader(async (ids) => {
      const found = await readLastSamples(db, access, ids);
      return ids.map((id) => found.get(id));
    }, options),
    sweepNews: new DataLoader(async (ids) => {
      const found = await readSweepNews(db, access, ids);
      return ids.map((id) => found.get(id));
    }, options),
  };
}
