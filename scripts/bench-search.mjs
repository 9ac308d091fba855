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
const all = args.includes("--prepare") ? [] : Array.from({ length: jobs }, (_, i) => `${i + 1}/${jobs}`);

let code = await search("--prepare");
if (code === 0 && all.length > 0) {
  code = Math.max(...(await Promise.all(all.map((part) => search("--part", part)))));
  if (code === 0) code = await search("--seeds", "0");
}
process.exitCode = code;
