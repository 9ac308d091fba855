import { Client } from "undici";

/** The load generator shares two cores with what it measures, so it does as little as it can: one socket, no JSON it need not read. */
export function openCaller(url: string, key: string) {
  const client = new Client(url, { pipelining: 1 });
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  return {
    async post(body: string): Promise<string> {
      const response = await client.request({ method: "POST", path: "/graphql", headers, body });
      const text = await response.body.text();
      if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${text.slice(0, 500)}`);
      return text;
    },
    close: () => client.close(),
  };
}

export type Caller = ReturnType<typeof openCaller>;

/** Calls in a loop for `seconds`, after a warm-up; one entry a call, in ms. */
export async function loop(
  callers: readonly Caller[],
  seconds: number,
  call: (caller: Caller, index: number, turn: number) => Promise<void>,
): Promise<{ latencies: number[]; perSecond: number }> {
  const run = async (untilMs: number, latencies: number[], firstTurn: number) =>
    Promise.all(
      callers.map(async (caller, index) => {
        for (let turn = firstTurn; performance.now() < untilMs; turn++) {
          const start = performance.now();
          await call(caller, index, turn);
          latencies.push(performance.now() - start);
        }
      }),
    );
  await run(performance.now() + 2_000, [], 0);
  const latencies: number[] = [];
  const start = performance.now();
  await run(start + seconds * 1_000, latencies, 1_000_000);
  return { latencies, perSecond: (latencies.length / (performance.now() - start)) * 1_000 };
}
