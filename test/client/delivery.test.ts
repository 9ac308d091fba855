import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openClient } from "@/client/client";
import { Delivery } from "@/client/delivery";
import { Lane } from "@/client/lane";
import { AppError } from "@/core/errors";
import type { MetricBatch, OutputLine } from "@/graphql/operations";
import { type Recorded, type Recorder, type Reply, waitFor, withRecorder } from "../support/recorder";

const TAKEN: Record<string, Reply> = {
  LogMetrics: { data: { logMetrics: { error: null } } },
  LogOutput: { data: { logOutput: { error: null } } },
};
const taken = ({ name }: Recorded): Reply => TAKEN[name] ?? "drop";

interface Scene {
  delivery: Delivery;
  recorder: Recorder;
  refused: AppError[];
  dir: string;
}

async function withDelivery(
  reply: (request: Recorded, index: number) => Reply | Promise<Reply>,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "besom-test-"));
  await withRecorder(reply, async (recorder) => {
    const client = openClient({ url: recorder.url, key: "k" });
    const refused: AppError[] = [];
    const delivery = new Delivery({
      client,
      runId: "5",
      attempt: 2,
      spoolDir: dir,
      onRefused: (_what, error) => refused.push(error),
    });
    try {
      await body({ delivery, recorder, refused, dir });
    } finally {
      delivery.close();
      await client.close();
    }
  });
  rmSync(dir, { recursive: true });
}

const loss = (step: number) => ({ step, timeMs: step, entries: [["loss", step] as const] });
const batchesOf = (recorder: Recorder) =>
  recorder.of("LogMetrics").map(({ input }) => input.batch as MetricBatch);
/** What a server keeps that ignores a batch whose number it has. */
const stepsKept = (recorder: Recorder) => {
  let last = 0;
  return batchesOf(recorder).flatMap(({ batch, steps }) => {
    if (batch <= last) return [];
    expect(batch).toBe(last + 1);
    last = batch;
    return steps;
  });
};
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test("points that come slowly are sent together, numbered from 1, with the attempt that made them", async () => {
  await withDelivery(taken, async ({ delivery, recorder }) => {
    for (const step of upTo(10)) delivery.log(loss(step));
    await waitFor("the clock's flush", () => recorder.requests.length === 1);
    delivery.log(loss(10));
    await delivery.drain();
    expect(batchesOf(recorder)).toEqual([
      { attempt: 2, batch: 1, steps: upTo(10), times: upTo(10), series: [{ key: "loss", values: upTo(10) }] },
      { attempt: 2, batch: 2, steps: [10], times: [10], series: [{ key: "loss", values: [10] }] },
    ]);
    expect(recorder.requests[0]?.input.runId).toBe("5");
  });
});

test("a thousand points leave without waiting for the clock, and one batch is under way at a time", async () => {
  let open = 0;
  let most = 0;
  await withDelivery(
    async (request) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 2));
      open--;
      return taken(request);
    },
    async ({ delivery, recorder }) => {
      for (const step of upTo(50_000)) delivery.log(loss(step));
      await delivery.drain();
      expect(stepsKept(recorder)).toEqual(upTo(50_000));
      expect(recorder.requests.length).toBeLessThan(60);
      expect(most).toBe(1);
    },
  );
});

test("an outage loses nothing: the rest waits in a file and arrives in order", async () => {
  await withDelivery(taken, async ({ delivery, recorder, dir }) => {
    delivery.log(loss(0));
    await delivery.drain();
    await recorder.stop();
    for (const step of upTo(400_000).slice(1)) delivery.log(loss(step));
    expect(readdirSync(dir)).toContain("metrics.1.jsonl");
    await recorder.start();
    await delivery.drain();
    expect(stepsKept(recorder)).toEqual(upTo(400_000));
  });
});

test("answers that get lost lead to repeated batches of the same number, never to lost or doubled points", async () => {
  await withDelivery(
    (request, index) => (index % 3 === 0 ? "drop" : taken(request)),
    async ({ delivery, recorder }) => {
      for (const step of upTo(5_000)) {
        delivery.log(loss(step));
        if (step % 1_000 === 0) await delivery.drain();
      }
      await delivery.drain();
      expect(stepsKept(recorder)).toEqual(upTo(5_000));
      expect(recorder.requests.length).toBeGreaterThan(
        new Set(batchesOf(recorder).map(({ batch }) => batch)).size,
      );
    },
  );
});

test("a batch that is refused is told, its number is used for the next, and the rest goes on", async () => {
  const no: Reply = { data: { logMetrics: { error: { code: "BAD_INPUT", message: "no", details: null } } } };
  await withDelivery(
    (request, index) => (index === 1 ? no : taken(request)),
    async ({ delivery, recorder, refused }) => {
      for (const step of upTo(3)) {
        delivery.log(loss(step));
        await delivery.drain();
      }
      expect(refused.map(({ code }) => code)).toEqual(["BAD_INPUT"]);
      expect(batchesOf(recorder).map(({ batch, steps }) => [batch, ...steps])).toEqual([
        [1, 0],
        [2, 1],
        [2, 2],
      ]);
    },
  );
});

const refusal = (code: string, details: object | null = null): Reply => ({
  data: { logMetrics: { error: { code, message: code, details } } },
});

test("a batch that is too large for the server arrives in parts; only the value that is too large itself is lost", async () => {
  const isTooLarge = ({ input }: Recorded) => {
    const { steps, series } = input.batch as MetricBatch;
    return steps.length > 3 || series.length > 1 || steps.includes(5);
  };
  await withDelivery(
    (request) => (isTooLarge(request) ? refusal("INPUT_TOO_LARGE") : taken(request)),
    async ({ delivery, recorder, refused }) => {
      for (const step of upTo(10)) delivery.log(loss(step));
      delivery.log({ step: 10, timeMs: 10, entries: upTo(4).map((index) => [`m${index}`, index] as const) });
      await delivery.drain();
      expect(refused.map(({ code }) => code)).toEqual(["INPUT_TOO_LARGE"]);
      const arrived = recorder.of("LogMetrics").filter((request) => !isTooLarge(request));
      const batches = arrived.map(({ input }) => input.batch as MetricBatch);
      expect(batches.map(({ batch }) => batch)).toEqual(upTo(batches.length).map((index) => index + 1));
      expect(batches.flatMap(({ steps }) => steps)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 10, 10, 10]);
    },
  );
});

test("a batch given up without knowing whether it arrived does not leave its number to the next", async () => {
  for (const hasArrived of [false, true]) {
    let last = 0;
    const arrived: [string, number][] = [];
    const told: string[] = [];
    const waiting = ["first", "lost", "next"];
    const lane = new Lane<string>({
      take: () => {
        const item = waiting.shift();
        return item === undefined ? undefined : { item, bytes: 1 };
      },
      split: () => undefined,
      send: async (item, batch) => {
        if (batch !== last + 1)
          throw new AppError("BATCH_OUT_OF_ORDER", "no", { details: { expected: last + 1 } });
        if (item !== "lost" || hasArrived) last = batch;
        if (item === "lost") throw new AppError("INTERNAL", "who knows");
        arrived.push([item, batch]);
      },
      onRefused: ({ code }) => told.push(code),
      spoolDir: "/proc/nowhere",
      name: "spool",
    });
    for (const _ of upTo(3)) lane.flush();
    await lane.drain();
    expect(told).toEqual(["INTERNAL"]);
    expect(arrived).toEqual([
      ["first", 1],
      ["next", hasArrived ? 3 : 2],
    ]);
  }
});

test("a disk that gives nothing back costs what was on it and no more", async () => {
  const free = new AbortController();
  await withDelivery(
    async (request) => {
      if (!free.signal.aborted) await once(free.signal, "abort");
      return taken(request);
    },
    async ({ delivery, recorder, refused, dir }) => {
      const line = { stream: "stdout", time: 1, text: "x".repeat(300_000) } as const;
      for (const _ of upTo(20)) delivery.print(line);
      await waitFor("the file", () => readdirSync(dir).includes("output.1.jsonl"));
      for (const file of readdirSync(dir)) truncateSync(join(dir, file), 10);
      free.abort();
      await delivery.drain();
      expect(refused.map(({ code }) => code)).toEqual(["INTERNAL"]);
      delivery.print({ ...line, text: "after" });
      await delivery.drain();
      expect(recorder.of("LogOutput").at(-1)?.input.lines).toMatchObject([{ text: "after" }]);
    },
  );
});

test("metrics that are each logged at another step don't swell a batch with nulls", async () => {
  await withDelivery(taken, async ({ delivery, recorder }) => {
    for (const step of upTo(3_000)) delivery.log({ step, timeMs: step, entries: [[`metric ${step}`, step]] });
    await delivery.drain();
    expect(stepsKept(recorder)).toEqual(upTo(3_000));
    for (const batch of batchesOf(recorder)) expect(JSON.stringify(batch).length).toBeLessThan(1024 * 1024);
  });
});

test("output keeps its order and its streams, apart from metrics", async () => {
  await withDelivery(taken, async ({ delivery, recorder }) => {
    const lines: OutputLine[] = upTo(5_000).map((index) => ({
      stream: index % 7 === 0 ? "stderr" : "stdout",
      time: index,
      text: `line ${index} ${"x".repeat(index % 300)}`,
    }));
    for (const line of lines) delivery.print(line);
    delivery.log(loss(1));
    await delivery.drain();
    const batches = recorder.of("LogOutput").map(({ input }) => input);
    expect(batches.flatMap(({ lines }) => lines)).toEqual(lines);
    expect(batches.map(({ batch, attempt }) => [batch, attempt])).toEqual(
      batches.map((_, index) => [index + 1, 2]),
    );
    expect(batchesOf(recorder).length).toBe(1);
  });
});

test("where an attempt went on is said with its first batch and with no other", async () => {
  await withDelivery(taken, async ({ delivery, recorder }) => {
    delivery.resume(41);
    for (const step of [42, 43]) {
      delivery.log(loss(step));
      await delivery.drain();
    }
    expect(batchesOf(recorder)).toMatchObject([{ steps: [42], resumedFromStep: 41 }, { steps: [43] }]);
    expect(batchesOf(recorder)[1]).not.toHaveProperty("resumedFromStep");
  });
});

test("small batches that piled up behind a slow answer are sent together, metrics of other names among them", async () => {
  let answer = (_: Reply) => {};
  const slow = new Promise<Reply>((resolve) => {
    answer = resolve;
  });
  await withDelivery(
    (request, index) => (index === 0 ? slow : taken(request)),
    async ({ delivery, recorder }) => {
      delivery.log(loss(0));
      await waitFor("the first", () => recorder.requests.length === 1);
      // Each of them is on disk within a quarter of a second.
      for (const step of [1, 2, 3, 4]) {
        delivery.log({ step, timeMs: step, entries: [[step % 2 === 0 ? "loss" : "lr", step]] });
        await new Promise((resolve) => setTimeout(resolve, 260));
      }
      answer(taken({ name: "LogMetrics" } as Recorded));
      await delivery.drain();
      expect(batchesOf(recorder).slice(1)).toEqual([
        {
          attempt: 2,
          batch: 2,
          steps: [1, 2, 3, 4],
          times: [1, 2, 3, 4],
          series: [
            { key: "lr", values: [1, null, 3, null] },
            { key: "loss", values: [null, 2, null, 4] },
          ],
        },
      ]);
    },
  );
});
