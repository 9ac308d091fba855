import { existsSync } from "node:fs";
import { localPath } from "@/client/credentials";
import { AppError } from "@/core/errors";
import { backup } from "@/db/backup";
import { connect } from "@/db/connect";
import { runMain, say } from "./lib/program";

/** `besom backup FILE`: the database of the server on this machine, which may go on working. */
await runMain(async ([file], json) => {
  if (!file) throw new AppError("BAD_USAGE", "name the file to write: besom backup FILE");
  const local = localPath(process.env);
  // Without this, asking in the wrong place would make an empty database and back that up.
  if (!process.env.DATABASE_URL && !existsSync(local))
    throw new AppError(
      "BAD_USAGE",
      `no server has run here (there is no ${local}): set BESOM_DATA_DIR or DATABASE_URL to the database to back up`,
    );
  const { db, place, close } = await connect({
    attach: true,
    max: 2,
    applicationName: "besom-backup",
    log: say,
  });
  try {
    const { tables, rows } = await backup(db, file);
    if (json) console.log(JSON.stringify({ file, place, tables, rows }));
    else
      console.log(
        `${rows} rows of ${tables} tables of ${place} are in ${file}; bring them back with \`besom restore ${file}\``,
      );
    return 0;
  } finally {
    await close();
  }
});
