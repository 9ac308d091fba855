import { existsSync } from "node:fs";
import { localPath } from "@/client/credentials";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { AppError } from "@/core/errors";
import { deserializeConfig } from "@/core/sweep-config";
import { connect } from "@/db/connect";
import { readGeneration } from "@/db/queries/facts";
import { readLog } from "@/db/queries/search-log";
import { readSearch } from "@/db/queries/searches";
import { runMain, say } from "./lib/program";

/** `besom replay ID`: derives every proposal of a sweep's search again from its log, and compares the bytes. */
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
    const found = await readSearch(db.sql, sweepId);
    if (found === undefined)
      throw new AppError(
        "NOT_FOUND",
        `sweep ${sweepId} has no search: no such sweep, or its method needs none`,
      );
    const { generation, picked, versions, first } = found;
    const read = await readGeneration(db.sql, { sweepId, generation });
    if (read === undefined || picked === null || first === null)
      throw new AppError("NOT_FOUND", `the search of sweep ${sweepId} has proposed nothing yet`);
    const method = methodOf(picked);
    const engine = `${method.name}/${method.version}`;
    const other = versions.find((version) => version !== engine);
    if (other !== undefined)
      throw new AppError(
        "ENGINE_CHANGED",
        `sweep ${sweepId} was searched by ${other}, this is ${engine}: replay it with the Besom that ran it`,
      );
    const events = await readLog(db.sql, { sweepId, from: 0 });
    const problem = { config: deserializeConfig(read.config), seed: read.seed };
    // What was proposed before the sweep's file was changed stands in the log; derived again is what came since.
    const { proposals, differences } = replay(
      method,
      problem,
      events,
      () => {},
      (number) => number >= first,
    );
    if (json) console.log(JSON.stringify({ sweepId, engine, events: events.length, proposals, differences }));
    else if (differences.length === 0)
      console.log(
        `all ${proposals} proposals of ${engine} came out the same, byte for byte, from ${events.length} events`,
      );
    else
      for (const { number, field, stored, derived } of differences)
        console.log(
          `proposal ${number}: ${field} was ${JSON.stringify(stored)} and is now ${JSON.stringify(derived)}`,
        );
    return differences.length === 0 ? 0 : 1;
  } finally {
    await close();
  }
});
