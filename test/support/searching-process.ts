/**
 * A server's keeper as a process of its own, for tests that freeze or kill it: `node --import tsx searching-process.ts URL SWEEP`.
 * It prints what each of its rounds came to.
 */
import { setTimeout as pause } from "node:timers/promises";
import { openDatabase } from "@/db/client";
import { keepReady } from "@/engine/search/keeper";

const [url = "", sweepId = ""] = process.argv.slice(2);
const nothing = () => {};
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const db = openDatabase(url, { max: 4 });
for (;;) {
  console.log(await keepReady({ db, log }, sweepId));
  await pause(50);
}
