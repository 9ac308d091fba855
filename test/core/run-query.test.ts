import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRunOrder as checkOrder, readRunFilter } from "@/core/run-filter";
import { readRunOrder, readRunQuery } from "@/core/run-query";

describe("what one types above a table of runs", () => {
  test.each([
    ["", undefined],
    ["state:failed", { field: "state", op: "in", value: ["failed"] }],
    ["state:failed,crashed", { field: "state", op: "in", value: ["failed", "crashed"] }],
    ["tag:baseline", { field: "tags", op: "in", value: ["baseline"] }],
    ["-tag:broken", { not: { field: "tags", op: "in", value: ["broken"] } }],
    ['host:"gpu box"', { field: "host", op: "contains", value: "gpu box" }],
    ["lr<0.01", { param: "lr", op: "lt", value: 0.01 }],
    ["lr>=1e-3", { param: "lr", op: "ge", value: 0.001 }],
    ["optimizer.name=adam", { param: "optimizer.name", op: "eq", value: "adam" }],
    ['optimizer="adam w"', { param: "optimizer", op: "eq", value: "adam w" }],
    ["nesterov!=true", { param: "nesterov", op: "ne", value: true }],
    ["last(val/loss)<0.2", { metric: "val/loss", stat: "last", op: "lt", value: 0.2 }],
    ["max(accuracy)>=0.9", { metric: "accuracy", stat: "max", op: "ge", value: 0.9 }],
  ])("%s", (text, filter) => {
    expect(readRunQuery(text)).toEqual(filter ? { filter } : {});
  });

  test("several words must all hold, and a bare word is looked for in names, notes and hosts", () => {
    expect(readRunQuery("wide state:running")).toEqual({
      filter: {
        and: [
          {
            or: ["displayName", "name", "notes", "host"].map((field) => ({
              field,
              op: "contains",
              value: "wide",
            })),
          },
          { field: "state", op: "in", value: ["running"] },
        ],
      },
    });
  });

  test.each([
    ["state:gone", "There is no state"],
    ["last(loss)<low", "compared with a number"],
  ])("%s is explained instead of sent", (text, why) => {
    expect(readRunQuery(text).problem).toContain(why);
  });

  test("whatever is typed becomes a filter that the API takes, or a sentence", () => {
    const piece = fc.constantFrom(
      "state:",
      "failed",
      "-",
      "tag:",
      '"',
      "lr",
      "<",
      "=",
      "!=",
      "0.1",
      " ",
      "max(",
      ")",
      "a:b",
      "é",
      ",",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { filter, problem } = readRunQuery(pieces.join(""));
        if (problem === undefined && filter !== undefined) readRunFilter(filter);
      }),
    );
  });

  test("orders are read from the address, and what is none is left out", () => {
    expect(readRunOrder("-objective")).toEqual({ field: "objective", direction: "desc" });
    expect(readRunOrder("p.optimizer.lr")).toEqual({ param: "optimizer.lr", direction: "asc" });
    expect(readRunOrder("color")).toBeUndefined();
    for (const text of ["-objective", "duration", "p.lr"]) checkOrder([readRunOrder(text)]);
  });
});
