import { describe, expect, test } from "vitest";
import { isFinal, LIVE_STATUSES, toStatus, worstOf } from "@/app/_live/live-status";

const errors = (...codes: string[]) => codes.map((code) => ({ message: "no", extensions: { code } }));

describe("the end of a subscription", () => {
  test.each([
    ["a server that closed it in order", undefined, "lost"],
    ["a broken socket", { code: 1006 }, "lost"],
    ["a restarted server", { code: 1001 }, "lost"],
    ["an ended session", { code: 4401 }, "signed-out"],
    ["a refused session", { code: 4403 }, "signed-out"],
    ["an error that may pass", errors("INTERNAL"), "lost"],
    ["an error without a code", [{ message: "no" }], "lost"],
    ["a key that ended", errors("UNAUTHENTICATED"), "signed-out"],
    ["a cursor or a question that the server does not know", errors("BAD_INPUT"), "outdated"],
    ["a role that was taken away", errors("FORBIDDEN"), "forbidden"],
    ["a deleted sweep", errors("INTERNAL", "NOT_FOUND"), "gone"],
    ["something thrown by the browser", new Error("no"), "lost"],
  ])("%s", (_name, reason, status) => {
    expect(toStatus(reason)).toBe(status);
  });

  test("is final only where another try would be refused again", () => {
    expect(LIVE_STATUSES.filter(isFinal)).toEqual(["outdated", "forbidden", "gone"]);
  });
});

describe("a page with several subscriptions", () => {
  test("is live when all of them are, and lost while one is", () => {
    expect(worstOf(["live", "live"])).toBe("live");
    expect(worstOf(["live", "connecting"])).toBe("connecting");
    expect(worstOf(["lost", "live"])).toBe("lost");
    expect(worstOf(["connecting", "lost"])).toBe("lost");
    expect(worstOf(["gone", "lost"])).toBe("gone");
  });
});
