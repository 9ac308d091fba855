import { expect, test } from "vitest";
import { idOf } from "@/graphql/operations/document";
import { SweepColumns } from "@/graphql/operations/pages";
import { seedSweep } from "../support/seed-sweep";
import { untilLive, visitSite } from "../support/visit";

const { site, open } = visitSite();

test("ten thousand runs are read in one request, a metric that the address asks for among them, and a further one by itself", async () => {
  const { databaseUrl, entity } = site();
  const sweep = await seedSweep(databaseUrl, { entity, project: "many", runs: 10_000 });
  const { page, troubles } = await open("/");
  const asked: { lines: boolean; metrics: string[] }[] = [];
  page.on("request", (request) => {
    const body = request.postData() ?? "";
    if (!body.includes(idOf(SweepColumns))) return;
    const { variables } = JSON.parse(body) as {
      variables: { lines: boolean; metrics: { name: string; stat: string }[] };
    };
    asked.push({
      lines: variables.lines,
      metrics: variables.metrics.map(({ name, stat }) => `${stat}.${name}`),
    });
  });
  await page.goto(`${sweep.path}?q=${encodeURIComponent("min(val/loss)>0")}`);
  await untilLive(page);
  await page.getByText("10,000 runs", { exact: false }).first().waitFor();
  await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(1);
  expect(asked[0]?.lines).toBe(true);
  expect(asked[0]?.metrics.sort()).toEqual(
    ["last.epoch_time", "last.train/accuracy", "last.train/loss", "last.val/loss", "min.val/loss"].sort(),
  );
  await page.evaluate(() => {
    history.pushState(null, "", "?q=max(train%2Floss)%3E0");
    history.replaceState(null, "", location.href);
    dispatchEvent(new PopStateEvent("popstate"));
  });
  await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(2);
  expect(asked[1]).toEqual({ lines: false, metrics: ["max.train/loss"] });
  await page.getByText("10,000 runs", { exact: true }).first().waitFor();
  expect(troubles).toEqual([]);
}, 120_000);
