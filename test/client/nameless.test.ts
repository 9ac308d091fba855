import { expect, test, vi } from "vitest";
import { findCredentials } from "@/client/credentials";

// What Node answers to a user without an entry in passwd when HOME is not set.
vi.mock("node:os", async (original) => ({
  ...(await original<typeof import("node:os")>()),
  homedir: () => {
    throw new Error("A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)");
  },
}));

test("a user that is a number, without a home, is who the environment says", () => {
  expect(findCredentials({ BESOM_URL: "http://one", BESOM_API_KEY: "k" })).toEqual({
    url: "http://one",
    key: "k",
    from: "BESOM_API_KEY",
  });
});
