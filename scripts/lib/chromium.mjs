import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { run } from "./run.mjs";
import { say } from "./say.mjs";

/** As test/support/browser.ts looks for it: playwright-core brings none of its own. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Installs Chromium from the machine's packages when there is none and we may. @returns {Promise<boolean>} whether there is one */
export async function ensureChromium() {
  if (found()) return true;
  const apt = process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;
  if (apt) {
    say("installing Chromium");
    await run("apt-get", ["update", "-qq"], { quiet: true });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
      quiet: true,
    });
  }
  if (found()) return true;
  say("no Chromium found: apt-get install chromium, or set CHROMIUM to the path of one");
  return false;
}

const found = () => [process.env.CHROMIUM, ...PLACES].some((place) => place && existsSync(place));
