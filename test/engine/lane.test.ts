import { expect, test } from "vitest";
import { Lane } from "@/engine/lane";

test("what waits for a database that is away is bounded; later calls are told to come again, and are taken when it is back", async () => {
  let letGo = () => {};
  const away = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const groups: number[] = [];
  const lane = new Lane<number, number>(async (items) => {
    groups.push(items.length);
    await away;
    return items;
  }, 10);
  const calls = Array.from({ length: 1_000 }, (_, i) =>
    lane.push(i).then(
      () => "answered",
      (error: { code: string }) => error.code,
    ),
  );
  await new Promise((resolve) => setImmediate(resolve));
  letGo();
  const answers = await Promise.all(calls);
  expect(answers.filter((answer) => answer === "answered")).toHaveLength(400);
  expect(answers.filter((answer) => answer === "UNAVAILABLE")).toHaveLength(600);
  expect(Math.max(...groups)).toBe(10);
  expect(await lane.push(7)).toBe(7);
});
