/**
 * Milliseconds that charts take in Chromium without a GPU, apart from the page around them: what is decided (script), and what is
 * painted until pixels are there. Median of several rounds. `npm run bench -- charts`.
 */
import { build } from "esbuild";
import type { Page } from "playwright-core";
import { launchBrowser } from "@/test/support/browser";
import { ms } from "./support/stage";

const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  await benchParallel(page);
} finally {
  await browser.close();
}

/** Parallel coordinates: 8 axes, sixteen colours, three brushes. Lines are painted in slices, a slice a frame. */
async function benchParallel(page: Page): Promise<void> {
  await load(page, "@/bench/support/parallel-in-page");
  await page.evaluate(() => window.benchParallel(1_000)); // the first drawing of a browser also starts its painter
  for (const runs of [1_000, 5_000, 10_000]) {
    const took = await page.evaluate((count) => window.benchParallel(count), runs);
    console.log(
      `parallel, ${runs} runs x 8: prepared ${ms(took.prepare)}, laid out ${ms(took.layout)}, three brushes ${ms(took.mark)}, ` +
        `nearest line ${ms(took.nearest)}, painted whole ${ms(took.paint)} in ${took.frames} frames, the longest ${ms(took.longestFrame)}`,
    );
  }
}

/** A module of ours and what it needs, in an empty page. */
async function load(page: Page, module: string): Promise<void> {
  const { outputFiles } = await build({
    stdin: { contents: `import "${module}";`, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    logLevel: "error",
  });
  await page.goto("about:blank");
  await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
}
