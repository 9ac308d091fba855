/**
 * A sweep's page as a reader waits for it: 100, 1,000 and 10,000 runs, in real Chromium on this machine, beside what the server alone takes.
 * Goals: 10,000 runs are all there and the page answers within 2 s, with less than 1.5 MB transferred, 350 kB of it JavaScript.
 */

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { openDatabase } from "@/db/client";
import { createLoginLink, redeemLoginLink } from "@/engine/sessions";
import { sessionCookie } from "@/graphql/http/credentials";
import { textOf } from "@/graphql/operations/document";
import { SweepColumns } from "@/graphql/operations/pages";
import { ensureBuilt } from "@/scripts/lib/build.mjs";
import { seedSweep, WIDE_SOURCE } from "@/test/support/seed-sweep";
import { median, ms, withService } from "./support/stage";

const SIZES = [100, 1_000, 10_000];
const TIMES = 5;
const GOALS = { allMs: 2_000, bytes: 1_500_000, scriptBytes: 350_000 };
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

await ensureBuilt();
await withService(
  async ({ url, key, databaseUrl }) => {
    const session = await signIn(databaseUrl);
    const browser = await chromium.launch({
      ...(CHROMIUM && { executablePath: CHROMIUM }),
      args: ["--no-sandbox"],
    });
    try {
      for (const [i, runs] of SIZES.entries()) {
        const sweep = await seedSweep(databaseUrl, {
          source: WIDE_SOURCE,
          runs,
          id: `benchpg${i}`,
          shares: { failed: 0.03, killed: 0.02 },
        });
        const at = { url, key, session, path: sweep.path, id: sweep.id, runs };
        await measureServer({ ...at, metrics: sweep.metrics });
        await measureBrowser(browser, at);
      }
    } finally {
      await browser.close();
    }
  },
  { pages: true },
);

interface Place {
  url: string;
  key: string;
  session: string;
  path: string;
  id: string;
  runs: number;
}

async function measureServer({
  url,
  key,
  session,
  path,
  id,
  runs,
  metrics,
}: Place & { metrics: readonly string[] }) {
  const variables = {
    id,
    after: null,
    lines: true,
    metrics: metrics.map((name) => ({ name, stat: "last" })),
  };
  const timed = async (send: () => Promise<Response>): Promise<number> => {
    const all: number[] = [];
    for (let i = 0; i < TIMES; i++) {
      const began = performance.now();
      const response = await send();
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${response.status} at ${path}`);
      all.push(performance.now() - began);
    }
    return median(all);
  };
  const page = await timed(() =>
    fetch(url + path, { headers: { cookie: `${sessionCookie(url)}=${session}`, "accept-encoding": "br" } }),
  );
  const columns = await timed(() =>
    fetch(`${url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${key}`,
        "accept-encoding": "br",
      },
      body: JSON.stringify({ query: textOf(SweepColumns), variables }),
    }),
  );
  console.log(
    `${runs} runs, server: page ${ms(page)}, all runs in columns with ${metrics.length} metrics ${ms(columns)}`,
  );
}

async function measureBrowser(browser: Browser, { url, session, path, runs }: Place): Promise<void> {
  const found: { paint: number; all: number; bytes: number; scripts: number }[] = [];
  for (let i = 0; i < TIMES; i++) {
    const context = await browser.newContext({ baseURL: url, viewport: { width: 1_440, height: 900 } });
    await context.addCookies([{ name: sessionCookie(url), value: session, url }]);
    const page = await context.newPage();
    const wire = await context.newCDPSession(page);
    const kinds = new Map<string, string>();
    let [bytes, scripts] = [0, 0];
    await wire.send("Network.enable");
    wire.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
    wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      bytes += encodedDataLength;
      if (kinds.get(requestId) === "Script") scripts += encodedDataLength;
    });
    await page.goto(path, { waitUntil: "commit" });
    const count = new RegExp(`^${runs.toLocaleString("en-US")} runs$`);
    await page.getByText(count).first().waitFor({ timeout: 60_000 });
    // A frame that is drawn and a task that is done: the page answers.
    const all = await page.evaluate(
      () =>
        new Promise<number>((resolve) =>
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))),
        ),
    );
    const paint = await page.evaluate(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
    );
    found.push({ paint, all, bytes, scripts });
    await context.close();
  }
  const of = (toValue: (one: (typeof found)[number]) => number) => median(found.map(toValue));
  const [all, bytes, scripts] = [of((one) => one.all), of((one) => one.bytes), of((one) => one.scripts)];
  const held = (value: number, goal: number) => (value < goal ? "within" : "BEYOND");
  console.log(
    `${runs} runs, Chromium: first paint ${ms(of((one) => one.paint))}, all runs there ${ms(all)} (${held(all, GOALS.allMs)} ${GOALS.allMs} ms), transferred ${kB(bytes)} (${held(bytes, GOALS.bytes)} ${kB(GOALS.bytes)}), JavaScript ${kB(scripts)} (${held(scripts, GOALS.scriptBytes)} ${kB(GOALS.scriptBytes)})`,
  );
}

function kB(bytes: number): string {
  return `${Math.round(bytes / 1_000).toLocaleString("en")} kB`;
}

async function signIn(databaseUrl: string): Promise<string> {
  const db = openDatabase(databaseUrl, { max: 1 });
  try {
    const [user] = await db.sql<{ id: number }[]>`select id from users order by id limit 1`;
    const { session } = await redeemLoginLink(db, await createLoginLink(db, user?.id ?? 0));
    return session;
  } finally {
    await db.close();
  }
}
