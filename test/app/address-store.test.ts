import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createAddressStore } from "@/app/_live/use-param";

/** As much of a browser as an address needs. */
function openBrowser(pathname: string, search: string) {
  const place = { pathname, search, hash: "" };
  const written: string[] = [];
  const write = (_state: null, _title: string, url: string) => {
    written.push(url);
    const { pathname: path, search: text } = new URL(url, "http://here.invalid");
    Object.assign(place, { pathname: path, search: text });
  };
  const page = new EventTarget();
  vi.stubGlobal("location", place);
  vi.stubGlobal("history", { pushState: write, replaceState: write });
  vi.stubGlobal("window", page);
  return { place, written, back: () => page.dispatchEvent(new Event("popstate")) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what a slider did last reaches the address a moment later, but never that of the next page", () => {
  const { place, written } = openBrowser("/a/sweep", "");
  const store = createAddressStore("");
  const leave = store.follow();
  vi.advanceTimersByTime(1_000);
  store.set({ width: "1" }, "replace");
  store.set({ width: "2" }, "replace");
  expect(written).toEqual(["/a/sweep?width=1"]);
  vi.advanceTimersByTime(200);
  expect(written.at(-1)).toBe("/a/sweep?width=2");
  store.set({ width: "3" }, "replace");
  store.set({ width: "4" }, "replace");
  Object.assign(place, { pathname: "/a/run", search: "" });
  vi.advanceTimersByTime(1_000);
  leave();
  expect(place).toMatchObject({ pathname: "/a/run", search: "" });
});

test("the browser's Back is followed, and so is a link that led to this very page", () => {
  const { place, back } = openBrowser("/a/sweep", "?q=failed");
  const store = createAddressStore("q=failed");
  const leave = store.follow();
  place.search = "?q=lr";
  back();
  expect(store.search()).toBe("q=lr");
  leave();
  place.search = "";
  store.follow();
  expect(store.search()).toBe("");
});
