import { beforeAll, describe, expect, test } from "vitest";
import { LogMetrics } from "@/graphql/operations";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { gridOf, withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

interface Answer {
  histories: {
    width: number | null;
    start: number | null;
    bucketCount: number;
    series: {
      runId: string;
      exact: boolean;
      buckets: Record<string, number[]> | null;
      points: object | null;
    }[];
    bands: { runs: number[]; start: number[]; mean: number[] }[];
  };
}

const FIELDS = `width start bucketCount series { runId exact points { x values } buckets { start count mean max } }
  bands { start runs mean }`;

describe("histories of many runs", () => {
  test("are cut at the same edges, though one run is far longer and one comes back exact", async () => {
    const { claims } = await withRuns(server, 3);
    const lengths = [1_000, 300, 5];
    for (const [i, { runId }] of claims.entries()) await log(runId, lengths[i] ?? 0);
    const runIds = claims.map(({ runId }) => runId);
    const { histories } = await ask<Answer>(
      server,
      `query($runIds: [ID!]) { histories(runIds: $runIds, keys: ["loss"], samples: 50) { ${FIELDS} } }`,
      { runIds },
    );
    expect(histories).toMatchObject({ width: 32, start: 0, bucketCount: 32 });
    const [long, short, exact] = histories.series;
    expect(long?.buckets?.start?.slice(0, 10)).toEqual(short?.buckets?.start);
    expect(exact).toMatchObject({ exact: true, buckets: null, points: { x: [0, 1, 2, 3, 4] } });
    expect(histories.bands[0]?.runs.slice(0, 11)).toEqual([3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1]);
    // Every 100th value is a spike; none is lost.
    expect(long?.buckets?.max?.filter((max) => max === 1e6)).toHaveLength(10);
  });

  test("have no line for a run that the caller may not see, or that nobody knows", async () => {
    const { claims } = await withRuns(server, 2);
    for (const { runId } of claims) await log(runId, 3);
    const [mine, other] = claims;
    const query = `query($runIds: [ID!]) { histories(runIds: $runIds, keys: ["loss"]) { series { runId } } }`;
    const { histories } = await ask<Answer>({ url: server.url, key: mine?.apiKey ?? "" }, query, {
      runIds: [mine?.runId, other?.runId, "999999"],
    });
    expect(histories.series).toEqual([{ runId: mine?.runId }]);
    const unknown = await ask(
      server,
      `{ histories(sweepId: "zzzzzzzz", keys: ["loss"]) { width hasMoreRuns series { key } bands { key } } }`,
    );
    expect(unknown).toEqual({ histories: { width: null, hasMoreRuns: false, series: [], bands: [] } });
  });

  test.each([
    ["keys: []", "needs either sweepId or runIds"],
    [`sweepId: "zzzzzzzz", runIds: ["1"], keys: []`, "needs either sweepId or runIds"],
    [`runIds: ["1"], limit: 5, keys: []`, "limit belongs to sweepId"],
    [`sweepId: "zzzzzzzz", limit: 1001, keys: []`, "limit is 1001, expected 1 to 1000"],
    [`runIds: ["1"], keys: ["a"], samples: 1501`, "samples is 1501, expected a whole number from 1 to 1500"],
    [
      `runIds: ["1"], keys: ["a"], samples: 1, x: { axis: RELATIVE_TIME }`,
      "samples is 1, expected a whole number from 2",
    ],
    [`runIds: ["1"], keys: ["a"], x: { axis: METRIC }`, "x.metric is missing"],
    [`runIds: ["1"], keys: ["a"], x: { axis: TIME, metric: "b" }`, "expected none with axis TIME"],
  ])("refuse (%s)", async (args, message) => {
    const { errors } = await send(server, `{ histories(${args}) { width } }`);
    expect(errors).toMatchObject([
      { message: expect.stringContaining(message) as unknown, extensions: { code: "BAD_INPUT" } },
    ]);
  });

  test("refuse more points than an answer holds before anything large is read", async () => {
    const { claims } = await withRuns(server, 11);
    const keys = Array.from({ length: 100 }, (_, k) => `metric${k}`);
    for (const { runId } of claims)
      await ask(server, LogMetrics, {
        input: {
          runId,
          batch: {
            attempt: 1,
            batch: 1,
            steps: [0],
            times: [0],
            series: keys.map((key) => ({ key, values: [1] })),
          },
        },
      });
    const { errors } = await send(
      server,
      "query($runIds: [ID!], $keys: [String!]!) { histories(runIds: $runIds, keys: $keys, samples: 1500) { width } }",
      { runIds: claims.map(({ runId }) => runId), keys },
    );
    expect(errors).toMatchObject([
      { extensions: { code: "INPUT_TOO_LARGE", details: { points: 1_650_000, max: 1_500_000 } } },
    ]);
  });

  test("refuse more lines than an answer holds, however short they are", async () => {
    const { sweepId, claims } = await withRuns(server, 151, gridOf(151));
    const keys = Array.from({ length: 100 }, (_, i) => `short/${i}`);
    await ask(server, LogMetrics, {
      input: {
        runId: claims[0]?.runId ?? "",
        batch: {
          attempt: 1,
          batch: 1,
          steps: [0],
          times: [0],
          series: keys.map((key) => ({ key, values: [1] })),
        },
      },
    });
    const read = (limit: number) =>
      send<{ histories: { series: object[] } }>(
        server,
        "query($id: ID!, $keys: [String!]!, $limit: Int) { histories(sweepId: $id, limit: $limit, keys: $keys, samples: 1) { series { key } } }",
        { id: sweepId, keys, limit },
      );
    expect((await read(150)).errors).toBeUndefined();
    expect((await read(151)).errors).toMatchObject([
      { extensions: { code: "INPUT_TOO_LARGE", details: { lines: 15_100, max: 15_000 } } },
    ]);
  });

  async function log(runId: string, length: number): Promise<void> {
    const steps = Array.from({ length }, (_, i) => i);
    const series = [{ key: "loss", values: steps.map((step) => (step % 100 === 99 ? 1e6 : 1)) }];
    const batch = { attempt: 1, batch: 1, steps, times: steps, series };
    await ask(server, LogMetrics, { input: { runId, batch } });
  }
});
