import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { withService } from "./support/stage";

/** The Python package: what logging costs and keeps up with, and what a function agent costs each run. */
const FOLDER = join(import.meta.dirname, "../python/bench");

await withService(async ({ url, key }) => {
  const run = (file: string, ...words: string[]) =>
    execFileSync("python3", [join(FOLDER, file), ...words], {
      cwd: FOLDER,
      env: {
        ...process.env,
        PYTHONPATH: join(FOLDER, "../src"),
        BESOM_URL: url,
        BESOM_API_KEY: key,
        BESOM_SILENT: "true",
      },
      stdio: ["ignore", "inherit", "ignore"],
    });
  run("log.py", "100000", "10");
  run("overhead.py", "30", "forkserver", "fork", "spawn", "thread");
});
