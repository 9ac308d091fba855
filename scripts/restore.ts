import { AppError } from "@/core/errors";
import { connect } from "@/db/connect";
import { restore } from "@/db/restore";
import { runMain, say } from "./lib/program";

/** `besom restore FILE`: into an empty database that no server uses. */
await runMain(async ([file], json) => {
  if (!file) throw new AppError("BAD_USAGE", "name the file to read: besom restore FILE");
  const { db, place, close } = await connect({ max: 2, applicationName: "besom-restore", log: say });
  try {
    const { tables, rows } = await restore(db, file);
    if (json) console.log(JSON.stringify({ file, place, tables, rows }));
    else
      console.log(
        `${rows} rows of ${tables} tables from ${file} are in ${place}; start the server with \`besom up\``,
      );
    return 0;
  } finally {
    await close();
  }
});
