import { expect, test } from "vitest";
import { toCsv, toJsonLine } from "@/agent/export/text";
import { toDuration } from "@/agent/progress";
import { toShellText } from "@/agent/quote";
import { toCsvLine, toShortNumber, toTable } from "@/agent/table";
import type { ExportedRun } from "@/graphql/operations";

test("what others named does nothing to the terminal, and wide letters keep the columns straight", () => {
  expect(
    toTable(
      ["NAME", "PATH"],
      [
        ["\x1b[2J", "a"],
        ["日本", "b"],
      ],
    ),
  ).toBe("NAME  PATH\n␛[2J  a\n日本  b");
});

test("columns are as wide as their widest cell, numbers stand to the right", () => {
  expect(
    toTable(
      ["RUN", "loss"],
      [
        ["first", "0.5"],
        ["b", "-"],
        ["c", "10"],
      ],
    ),
  ).toBe(["RUN    loss", "first   0.5", "b         -", "c        10"].join("\n"));
});

test("what a shell would read otherwise is quoted", () => {
  expect(toShellText(["python", "train.py", "--lr=0.1", "--name=it's", "--a=[1, 2]", "$HOME"])).toBe(
    `python train.py --lr=0.1 '--name=it'\\''s' '--a=[1, 2]' '$HOME'`,
  );
});

test("cells with commas, quotes and line breaks survive CSV", () => {
  expect(toCsvLine(["a", "b,c", 'd"e', "f\ng"])).toBe('a,"b,c","d""e","f\ng"');
});

test("numbers and durations are short", () => {
  expect([0.123456789, 12, 1e-9, 1 / 3].map(toShortNumber)).toEqual(["0.123457", "12", "1e-9", "0.333333"]);
  expect([4_120, 185_000, 7_800_000].map(toDuration)).toEqual(["4.1 s", "3 min 05 s", "2 h 10 min"]);
});

const run: ExportedRun = {
  id: "1",
  name: "abcd1234",
  displayName: "s-1",
  ordinal: 1,
  state: "finished",
  stateReason: null,
  stateDetail: null,
  params: '{"epochs":1.0,"net":{"width":64},"act":"relu"}',
  objective: 0.5,
  exitCode: 0,
  attempt: 1,
  createdAt: "2026-01-01T00:00:00Z",
  startedAt: null,
  finishedAt: null,
  summary: [{ name: "loss", count: 3, last: 0.5, min: 0.4, max: 1 }],
}; // prettier-ignore

test("an exported line keeps the parameters as they were written", () => {
  expect(toJsonLine(run)).toContain('"params":{"epochs":1.0,"net":{"width":64},"act":"relu"}');
  expect(JSON.parse(toJsonLine(run))).toMatchObject({ name: "abcd1234", summary: { loss: { last: 0.5 } } });
});

test("CSV has a column for each parameter, groups spelt with dots, and for each metric", () => {
  const [heading, first, second] = toCsv([run, { ...run, params: '{"act":"a,b"}', summary: [] }]);
  expect(heading).toMatch(/finishedAt,param\.act,param\.epochs,param\.net\.width,metric\.loss$/);
  expect(first).toMatch(/,relu,1\.0,64,0\.5$/);
  expect(second).toMatch(/,"a,b",,,$/);
});
