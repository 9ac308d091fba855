import { existsSync } from "node:fs";
import { localPath } from "@/client/credentials";
import { AppError } from "@/core/errors";
import { connect } from "@/db/connect";
import { replaySweep, type SweepReplay } from "@/engine/replay";
import { runMain, say } from "./lib/program";

/** `besom replay ID`: derives every proposal of a sweep again from what is stored, and compares the bytes. */
await runMain(async ([path], json) => {
  const sweepId = path?.split("/").at(-1);
  if (!sweepId) throw new AppError("BAD_USAGE", "name the sweep: besom replay ID");
  const local = localPath(process.env);
  if (!process.env.DATABASE_URL && !existsSync(local))
    throw new AppError(
      "BAD_USAGE",
      `no server has run here (there is no ${local}): set BESOM_DATA_DIR or DATABASE_URL to the database of the sweep`,
    );
  const { db, close } = await connect({ attach: true, max: 2, applicationName: "besom-replay", log: say });
  try {
    const replayed = await replaySweep(db.sql, sweepId);
    const { by: _by, ...facts } = replayed;
    console.log(json ? JSON.stringify({ sweepId, ...facts }) : toText(replayed));
    return replayed.differences.length === 0 ? 0 : 1;
  } finally {
    await close();
  }
});

function toText(replayed: SweepReplay): string {
  const { engine, proposals } = replayed;
  if (replayed.by === "log") {
    if (replayed.differences.length === 0)
      return `all ${proposals} proposals of ${engine} came out the same, byte for byte, from ${replayed.events} events`;
    return replayed.differences
      .map(({ number, ...change }) => `proposal ${number}: ${toWords(change)}`)
      .join("\n");
  }
  const asked = replayed.asked === 0 ? "" : `; ${replayed.asked} more runs were asked for by somebody`;
  if (replayed.differences.length === 0)
    return `all ${proposals} points of ${engine} came out the same, byte for byte, from the file and the seed${asked}`;
  return replayed.differences
    .map(({ index, run, ...change }) =>
      run === null
        ? `point ${index}: no run has ${change.derived}`
        : `run ${run}, point ${index}: ${toWords(change)}`,
    )
    .join("\n");
}

function toWords({ field, stored, derived }: { field: string; stored: unknown; derived: unknown }): string {
  return `${field} was ${JSON.stringify(stored)} and is now ${JSON.stringify(derived)}`;
}
