import "./lib/node-version.mjs";
import { availableParallelism } from "node:os";
import { ensureInstalled } from "./lib/install.mjs";
import { runTypeScript } from "./lib/run.mjs";

/**
 * `npm run bench:search`: the search methods beside other projects' engines; bench/search/run.ts says which options there are. The
 * searches are shared out among two processes where there are two cores; `--jobs N` asks for another number. The tables come when all of
 * them have ended.
 */
await ensureInstalled({ dev: true });
const args = process.argv.slice(2);
const at = args.indexOf("--jobs");
const [, asked] = at < 0 ? [] : args.splice(at, 2);
const jobs = Number(asked ?? Math.min(2, availableParallelism()));
const search = (...more) => runTypeScript("bench/search/run.ts", [...args, ...more]);

let code = await search("--prepare");
if (code === 0) {
  const parts = Array.from({ length: jobs }, (_, i) => search("--part", `${i + 1}/${jobs}`));
  code = Math.max(...(await Promise.all(parts)));
}
process.exitCode = code === 0 ? await search("--seeds", "0") : code;
