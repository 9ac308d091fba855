import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { idOf } from "@/graphql/operations/document";
import { MediaAt } from "@/graphql/operations/run-media";
import { LOOKS, screenshot } from "../support/browser";
import { toPng } from "../support/png";
import { untilLive, violationsOn, visitSite } from "../support/visit";
import { beginRun, logLines, uploadFile, type WireRun } from "../support/wire";

/** Pictures, tables, sound and files on a run's page, sent as wandb's client sends them. */

const { site, open } = visitSite();
const server = () => ({ url: site().url, key: site().key });
const begin = (name: string) => beginRun(server(), name, "media");
const pathOf = ({ entity, project, run }: WireRun) => `/${entity}/${project}/runs/${run}`;
const panel = (page: Page, key: string) => page.getByRole("article", { name: key, exact: true });
/** What is far away is not loaded. */
async function goTo(page: Page, key: string) {
  await page.locator("#media").scrollIntoViewIfNeeded();
  await panel(page, key).evaluate((element) => element.scrollIntoView({ block: "center" }));
  return panel(page, key);
}
const file = (type: string, path: string, more: object = {}) => ({
  _type: type,
  path,
  sha256: "0",
  size: 1,
  ...more,
});

describe("a run that logged pictures and the like", () => {
  let run: WireRun;
  const histogram = (step: number) => {
    const edges = Array.from({ length: 65 }, (_, i) => -4 + i / 8);
    const [mean, sd] = [2 - step / 6, 0.4 + step / 20];
    const values = edges.slice(1).map((edge) => Math.round(900 * Math.exp(-(((edge - mean) / sd) ** 2) / 2)));
    return { _type: "histogram", values, bins: edges };
  };
  beforeAll(async () => {
    run = await begin("gallery");
    const steps = Array.from({ length: 12 }, (_, step) => step);
    await logLines(
      server(),
      run,
      0,
      steps.map((step) => ({
        loss: 1 / (step + 1),
        examples: {
          ...{ _type: "images/separated", width: 28, height: 28, format: "png", count: 6 },
          filenames: [0, 1, 2, 3, 4, 5].map((i) => `media/images/examples_${step}_${i}.png`),
          captions: [0, 1, 2, 3, 4, 5].map((i) => `digit ${i}, taken for ${(i * step) % 10}`),
        },
        weights: histogram(step),
        ...(step === 11 && {
          scene: file("image-file", "media/images/scene.png", {
            ...{ format: "png", width: 320, height: 200, caption: "what it sees" },
            boxes: { predictions: file("boxes2D", "media/metadata/boxes2D/scene.json") },
            masks: { road: file("mask", "media/images/mask/scene.png") },
          }),
          predictions: file("table-file", "media/table/p.table.json", { ncols: 4, nrows: 130 }),
          report: file("html-file", "media/html/report.html"),
          sound: file("audio-file", "media/audio/tone.wav", { caption: "440 Hz" }),
          figure: file("plotly-file", "media/plotly/figure.plotly.json"),
        }),
      })),
    );
    const uploads: [string, string | Uint8Array][] = [
      ...steps.flatMap((step) =>
        [0, 1, 2, 3, 4, 5].map((i): [string, Uint8Array] => [
          `media/images/examples_${step}_${i}.png`,
          toPng(28, 28, (x, y) => (Math.hypot(x - 14, y - 14) % (3 + i) < 1 + step / 8 ? 235 : 20)),
        ]),
      ),
      ["media/images/scene.png", toPng(320, 200, (x, y) => 60 + (x * y) / 500)],
      ["media/images/mask/scene.png", toPng(320, 200, (x, y) => (y > 120 ? (x > 160 ? 2 : 1) : 0))],
      [
        "media/metadata/boxes2D/scene.json",
        JSON.stringify({
          box_data: [
            {
              position: { minX: 0.1, minY: 0.3, maxX: 0.4, maxY: 0.8 },
              class_id: 0,
              box_caption: "car 0.93",
            },
            { position: { middle: [240, 90], width: 60, height: 80 }, domain: "pixel", class_id: 1 },
          ],
          class_labels: { 0: "car", 1: "person" },
        }),
      ],
      [
        "media/table/p.table.json",
        JSON.stringify({
          columns: ["id", "text", "confidence", "right"],
          data: Array.from({ length: 130 }, (_, i) => [
            i,
            i % 7 === 0
              ? `a longer answer to question ${i}, which does not fit into a narrow column`
              : `answer ${i}`,
            Math.round(1e4 * Math.abs(Math.sin(i))) / 1e4,
            i % 3 !== 0,
          ]),
        }),
      ],
      [
        "media/html/report.html",
        "<h1>Report</h1><p>What a program wrote as a page.</p><script>document.querySelector('p').style.color = 'teal'</script>",
      ],
      ["media/audio/tone.wav", tone()],
      ["media/plotly/figure.plotly.json", '{"data": [], "layout": {}}'],
      ["model.pt", new Uint8Array(3_200_000)],
      ["checkpoints/epoch-1.ckpt", new Uint8Array(20_000)],
      ["checkpoints/epoch-2.ckpt", new Uint8Array(24_000)],
      ["config.yaml", "lr: 0.1\n"],
    ];
    for (let at = 0; at < uploads.length; at += 10)
      await Promise.all(
        uploads.slice(at, at + 10).map(([name, body]) => uploadFile(server(), run, name, body)),
      );
  }, 120_000);

  test("pictures stand at the step of the slider, which the keyboard moves, and one becomes large", async () => {
    const { page, troubles } = await open(pathOf(run));
    const examples = await goTo(page, "examples");
    await examples.getByRole("img", { name: "digit 3, taken for 3" }).waitFor();
    expect(await examples.getByRole("img").count()).toBe(6);
    const slider = examples.getByRole("slider", { name: "Step of examples" });
    expect(await slider.getAttribute("aria-valuetext")).toBe("11");
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await examples.getByRole("img", { name: "digit 3, taken for 0" }).waitFor();
    expect(await slider.getAttribute("aria-valuetext")).toBe("10");
    await page.keyboard.press("Home");
    await examples.getByRole("img", { name: "digit 5, taken for 0" }).waitFor();
    const loaded = () =>
      examples
        .getByRole("img")
        .evaluateAll((images) =>
          (images as HTMLImageElement[]).every(({ naturalWidth }) => naturalWidth === 28),
        );
    await expect.poll(loaded).toBe(true);
    await examples.getByRole("button", { name: "Enlarge digit 1, taken for 0" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("2 of 6").waitFor();
    await page.keyboard.press("ArrowRight");
    await dialog.getByText("3 of 6").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    const scene = await goTo(page, "scene");
    await scene.getByRole("button", { name: "Enlarge what it sees" }).click();
    await dialog.getByText("car 0.93").waitFor();
    await dialog.getByText("person", { exact: true }).waitFor();
    await screenshot(page, "run-media-large", false);
    await page.keyboard.press("Escape");
    expect(troubles).toEqual([]);
  });

  test("a table by pages, a histogram over steps, sound, and what can't be shown as a download", async () => {
    const { page, troubles } = await open(pathOf(run));
    await goTo(page, "weights");
    await panel(page, "weights")
      .getByRole("img", { name: /^weights over 12 steps: the median goes from 1.9/ })
      .waitFor();
    await panel(page, "weights")
      .getByRole("img", { name: /^weights at step 11: 64 bins from -4 to 4/ })
      .waitFor();
    const table = await goTo(page, "predictions");
    await table.getByText("rows 1 to 25 of 130").waitFor();
    await table.getByRole("button", { name: "Next" }).click();
    await table.getByText("rows 26 to 50 of 130").waitFor();
    await table.getByRole("cell", { name: "answer 40", exact: true }).waitFor();
    await table.getByRole("button", { name: "Previous" }).click();
    await table.getByText("rows 1 to 25 of 130").waitFor();
    const sound = (await goTo(page, "sound")).locator("audio");
    const seconds = await sound.evaluate(
      (audio) =>
        new Promise<number>((resolve) => {
          audio.addEventListener("loadedmetadata", () => resolve((audio as HTMLAudioElement).duration));
          (audio as HTMLAudioElement).load();
          (audio as HTMLAudioElement).preload = "metadata";
        }),
    );
    expect(seconds).toBeCloseTo(0.5, 1);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      panel(page, "figure")
        .getByRole("link", { name: /figure\.plotly\.json/ })
        .click(),
    ]);
    expect(download.suggestedFilename()).toBe("figure.plotly.json");
    expect(troubles).toEqual([]);
  });

  test("files folder by folder, each a download, and a command for all of them", async () => {
    const { page, troubles } = await open(pathOf(run));
    const files = page.locator("#files");
    await files.scrollIntoViewIfNeeded();
    await page.locator("#provenance").scrollIntoViewIfNeeded();
    await files.getByText(/^8\d files, 3\.\d+\sMiB/).waitFor();
    await files.getByRole("button", { name: /^checkpoints\/ 2 files/ }).click();
    await files.getByRole("link", { name: /epoch-2\.ckpt/ }).waitFor();
    await files
      .getByText(`besom files ${run.entity}/media/gallery --prefix checkpoints/ --download .`)
      .waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      files.getByRole("link", { name: /epoch-1\.ckpt/ }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("epoch-1.ckpt");
    await files.getByRole("button", { name: "All files" }).click();
    await files.getByRole("link", { name: /model\.pt/ }).waitFor();
    expect(troubles).toEqual([]);
  });

  test("on a desk and a phone, in light and dark, with nothing against axe", async () => {
    const { page, troubles } = await open(pathOf(run));
    for (const { look, viewport, colorScheme } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      for (const key of ["examples", "figure", "predictions", "report", "scene", "sound", "weights"])
        await goTo(page, key);
      await panel(page, "weights")
        .getByRole("img", { name: /^weights over/ })
        .waitFor();
      await (await goTo(page, "predictions")).getByText("rows 1 to 25 of 130").waitFor();
      await page.locator("#files").scrollIntoViewIfNeeded();
      await page
        .locator("#files")
        .getByRole("link", { name: /model\.pt/ })
        .waitFor();
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
      expect(await violationsOn(page, "#media")).toEqual([]);
      expect(await violationsOn(page, "#files")).toEqual([]);
      await screenshot(page, `run-media-${look}`);
    }
    expect(troubles).toEqual([]);
  });
});

test("a page of the program's runs in its frame, and reaches neither our page nor the network", async () => {
  const run = await begin("caged");
  await logLines(server(), run, 0, [{ report: file("html-file", "media/html/report.html") }]);
  await uploadFile(
    server(),
    run,
    "media/html/report.html",
    `<p id="page">did not run</p><p id="network"></p><script>
      const reach = () => { try { return parent.document.title; } catch { return "nothing"; } };
      const say = (id, text) => { document.getElementById(id).textContent = text; };
      say("page", "ran, saw " + reach() + " of the page, origin " + self.origin);
      fetch("/healthz", { mode: "no-cors" }).then(() => say("network", "reached"), () => say("network", "not reached"));
    </script>`,
  );
  const { page, troubles } = await open(pathOf(run));
  const report = await goTo(page, "report");
  const frame = report.frameLocator("iframe");
  await frame.getByText("ran, saw nothing of the page, origin null").waitFor();
  await frame.getByText("not reached").waitFor();
  expect(troubles.every((trouble) => trouble.includes("Content Security Policy"))).toBe(true);
  // Opened by itself it is saved: there nothing kept it from going elsewhere.
  const saved = page.waitForEvent("download");
  await report.locator("iframe").evaluate(({ src }: HTMLIFrameElement) => {
    window.location.href = src;
  });
  expect((await saved).suggestedFilename()).toBe("report.html");
});

test("a page in its frame can't take what is in it elsewhere by going there", async () => {
  const run = await begin("leaving");
  const elsewhere = new URL(site().url);
  elsewhere.hostname = elsewhere.hostname === "localhost" ? "127.0.0.1" : "localhost";
  await logLines(server(), run, 0, [{ report: file("html-file", "media/html/leave.html") }]);
  await uploadFile(
    server(),
    run,
    "media/html/leave.html",
    `<p>secret</p><script>location.href = "${elsewhere.origin}/healthz?secret"</script>`,
  );
  const { page, troubles } = await open(pathOf(run));
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await goTo(page, "report");
  await expect.poll(() => troubles.join(), { timeout: 20_000 }).toMatch(/frame|Content Security Policy/);
  expect(asked.some((url) => url.includes("leave") || url.includes("/wandb/bytes"))).toBe(true);
  expect(asked.filter((url) => url.includes("secret"))).toEqual([]);
});

test("of many keys some are drawn, and the others are found by a part of their names", async () => {
  const run = await begin("many keys");
  const histogram = { _type: "histogram", values: [1, 2], bins: [0, 1, 2] };
  const keys = Array.from({ length: 30 }, (_, i) => `layers.${i}.weight`);
  await logLines(server(), run, 0, [Object.fromEntries(keys.map((key) => [key, histogram]))]);
  const { page, troubles } = await open(pathOf(run));
  const media = page.locator("#media");
  await media.scrollIntoViewIfNeeded();
  await panel(page, "layers.0.weight")
    .getByRole("img", { name: /2 bins from 0 to 2/ })
    .waitFor();
  expect(await media.getByRole("article").count()).toBe(8);
  await media.getByRole("searchbox", { name: "Find a key" }).fill("layers.29");
  await panel(page, "layers.29.weight").waitFor();
  expect(await media.getByRole("article").count()).toBe(1);
  await media.getByRole("searchbox").fill("nothing");
  await media.getByText("No key of that name.").waitFor();
  await media.getByRole("searchbox").fill("");
  await media.getByRole("button", { name: "Show all 30" }).click();
  expect(await media.getByRole("article").count()).toBe(30);
  expect(troubles).toEqual([]);
});

describe("a run at work", () => {
  test("what it logs and saves comes by itself, and moves nothing that somebody looks at", async () => {
    const run = await begin("working");
    const log = async (step: number) => {
      const name = `media/images/now_${step}.png`;
      await logLines(server(), run, step, [
        {
          loss: 1,
          now: file("image-file", name, { format: "png", width: 16, height: 16, caption: `at ${step}` }),
        },
      ]);
      return uploadFile(
        server(),
        run,
        name,
        toPng(16, 16, () => 40 * step),
      );
    };
    await logLines(server(), run, 0, [{ loss: 1 }]);
    const { page, troubles } = await open(pathOf(run));
    await untilLive(page);
    await page.locator("#media").getByText('wandb.log({"examples"').waitFor();
    await page.locator("#files").scrollIntoViewIfNeeded();
    await page.locator("#files").getByText('wandb.save("model.pt")').waitFor();
    await log(1);
    await panel(page, "now").waitFor();
    const now = await goTo(page, "now");
    await now.getByRole("img", { name: "at 1" }).waitFor();
    await log(2);
    await now.getByRole("img", { name: "at 2" }).waitFor();
    // Whoever looks at an earlier step goes on looking at it.
    await now.getByRole("slider").focus();
    await page.keyboard.press("Home");
    await now.getByRole("img", { name: "at 1" }).waitFor();
    const before = await now.boundingBox();
    await log(3);
    await expect.poll(() => now.getByRole("slider").getAttribute("max"), { timeout: 20_000 }).toBe("2");
    expect(await now.getByRole("img", { name: "at 1" }).count()).toBe(1);
    expect(await now.boundingBox()).toEqual(before);
    expect(troubles).toEqual([]);
  });

  test("a file that comes late is shown, however long others of the run were waited for, and addresses are renewed", async () => {
    const run = await begin("late files");
    const log = (step: number) =>
      logLines(server(), run, step, [
        { now: file("image-file", `now_${step}.png`, { width: 16, height: 16, caption: `at ${step}` }) },
      ]);
    await log(0);
    const { page, troubles } = await open("/");
    await page.clock.install();
    await page.goto(pathOf(run));
    await untilLive(page);
    const now = await goTo(page, "now");
    await now.getByText("Its file has not come yet.").waitFor();
    // The first step's never comes: it is given up after a while.
    const asked: string[] = [];
    page.on("request", (request) => request.postData()?.includes(idOf(MediaAt)) && asked.push(request.url()));
    for (let i = 0; i < 30; i++) {
      await page.clock.runFor(4_500);
      await page.waitForTimeout(50);
    }
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.length).toBeLessThanOrEqual(21);
    await log(1);
    await expect
      .poll(() => page.clock.runFor(3_500).then(() => now.getByRole("slider").count()), { timeout: 20_000 })
      .toBe(1);
    await page.clock.runFor(4_500);
    await now.getByText("Its file has not come yet.").waitFor();
    await page.clock.runFor(4_500);
    await uploadFile(
      server(),
      run,
      "now_1.png",
      toPng(16, 16, () => 90),
    );
    const picture = now.getByRole("img", { name: "at 1" });
    await expect
      .poll(() => page.clock.runFor(4_500).then(() => picture.count()), { timeout: 20_000 })
      .toBe(1);
    asked.length = 0;
    await page.clock.runFor(60_000);
    expect(asked).toEqual([]);
    await page.clock.fastForward("00:55:00");
    await expect
      .poll(() => page.clock.runFor(500).then(() => asked.length), { timeout: 20_000 })
      .toBeGreaterThan(0);
    expect(troubles).toEqual([]);
  });
});

/** Half a second of 440 Hz: 8 kHz, 8 bits, one channel. */
function tone(): Uint8Array {
  const samples = Buffer.from(
    Array.from({ length: 4_000 }, (_, i) => 128 + 60 * Math.sin((2 * Math.PI * 440 * i) / 8_000)),
  );
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
