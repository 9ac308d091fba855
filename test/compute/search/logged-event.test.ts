import { expect, test } from "vitest";
import { toLogged } from "@/compute/search/logged-event";
import type { SearchEvent } from "@/compute/search/method";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { parseSweepConfig } from "@/core/sweep-config";

const source = `
method: bayes
metric: {name: loss, goal: minimize}
parameters: {x: {min: 0.0, max: 1.0}, y: {min: 0.0, max: 1.0}}
`;

test("a log that went through JSON is replayed without a difference, also where a model expects minus zero", () => {
  const { config } = parseSweepConfig(source);
  if (config === undefined) throw new Error("the file is refused");
  const problem = { config, seed: "1" };
  const bayes = methodOf("bayes");
  const search = bayes.open(problem);
  const events: SearchEvent[] = [];
  for (let i = 0; i < 8; i++) {
    const [proposal] = search.propose(1);
    if (proposal === undefined) throw new Error("no proposal");
    const observed = { type: "observed", number: proposal.number, objectives: [0] } as const;
    search.observe(observed);
    events.push({ type: "proposed", ...proposal }, observed);
  }
  const means = events.flatMap((event) => (event.type === "proposed" ? (event.predicted?.mean ?? []) : []));
  expect(means.some((mean) => Object.is(mean, -0))).toBe(true);
  const stored = JSON.parse(JSON.stringify(events.map(toLogged)));
  expect(replay(bayes, problem, stored)).toEqual({ proposals: 8, differences: [] });
});
