import { expect, test } from "vitest";
import { type LoggedEvent, toLogged } from "@/compute/search/logged-event";
import { MOST_HASTE } from "@/compute/search/method";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { propose } from "@/compute/threads/propose";
import { parseSweepConfig, serializeConfig } from "@/core/sweep-config";
import { toNumber } from "@/core/value";

const { config } = parseSweepConfig(`method: bayes
metric: {name: loss, goal: minimize}
parameters: {a: {min: 0.0, max: 1.0}, b: {min: 0.0, max: 1.0}, c: {values: [x, y, z]}, d: {min: 1, max: 9}}
`);
if (!config) throw new Error("the test's own sweep file is wrong");
const problem = { config, seed: "haste" };
const bayes = methodOf("bayes");

/** 30 runs, one after the other but for three that are under way; gives the log as a database would keep it. */
function play(key: string, paceMs: number): LoggedEvent[] {
  const log: LoggedEvent[] = [];
  let told = 0;
  for (let run = 0; run < 30; run++) {
    const answer = propose({
      key,
      config: serializeConfig(config as NonNullable<typeof config>),
      seed: problem.seed,
      from: told,
      events: log.slice(told),
      count: 1,
      withinMs: 0,
      paceMs,
    });
    if (!answer.known) throw new Error("the search is forgotten");
    for (const { computeMs: _, gain: __, ...event } of answer.proposals) log.push(event);
    told = log.length;
    const ended = run - 3;
    const point = log.find(({ kind, number }) => kind === "proposed" && number === ended)?.params;
    if (point == null) continue;
    const { a, b, c, d } = JSON.parse(point);
    const loss = Math.abs(a - 0.3) + (b - 0.6) ** 2 + (c === "y" ? 0 : 0.2) + (toNumber(d) ?? 0) / 20;
    log.push(toLogged({ type: "observed", number: ended, objectives: [loss] }));
  }
  return JSON.parse(JSON.stringify(log));
}

const hastes = (log: readonly LoggedEvent[]) =>
  log.flatMap(({ kind, details, reason }) =>
    kind === "proposed" && reason === "model" ? [details === null ? 0 : JSON.parse(details).haste] : [],
  );

test("where there is time a search proposes as it would without a thread, and its log says nothing of haste", () => {
  const log = play("calm", Number.POSITIVE_INFINITY);
  expect(hastes(log).length).toBeGreaterThan(10);
  expect(hastes(log).every((haste) => haste === 0)).toBe(true);
  expect(replay(bayes, problem, log)).toEqual({ proposals: 30, differences: [] });
});

test("where proposals are due faster than they can be thought out it hurries, and the log tells a replay how much", () => {
  const log = play("hurried", 1e-3);
  expect(hastes(log).length).toBeGreaterThan(10);
  expect(hastes(log).every((haste) => haste === MOST_HASTE)).toBe(true);
  expect(replay(bayes, problem, log)).toEqual({ proposals: 30, differences: [] });
  const silent = log.map((event) => (event.kind === "proposed" ? { ...event, details: null } : event));
  expect(replay(bayes, problem, silent).differences.length).toBeGreaterThan(0);
});

test("where all runs begin at once auto fills the space, but learns from runs of before where the log begins with some", () => {
  const file = parseSweepConfig(`method: auto
run_cap: 8
scheduler: {num_workers: 8}
metric: {name: loss, goal: minimize}
parameters: {a: {min: 0.0, max: 1.0}}
`);
  const prior = toLogged({ type: "prior", number: -1, params: { a: 0.5 }, objectives: [1] });
  const methodWith = (key: string, events: readonly LoggedEvent[]) => {
    const asked = { seed: "auto", from: 0, count: 1, withinMs: 0, paceMs: Number.POSITIVE_INFINITY };
    const answer = propose({ key, config: serializeConfig(file.config ?? config), events, ...asked });
    return answer.known && answer.method;
  };
  expect(methodWith("alone", [])).toBe("sobol");
  expect(methodWith("taught", [prior])).toBe("bayes");
});
