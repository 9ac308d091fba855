import { expect, test } from "vitest";
import { toStroke, waysOf } from "@/ui/kit/shortcuts";

const press = (key: string, more: Partial<KeyboardEvent> & { altGraph?: boolean } = {}) =>
  toStroke({
    key,
    code: "",
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    getModifierState: (name) => name === "AltGraph" && more.altGraph === true,
    ...more,
  });

test("a key is written as the keyboard gives it, with Ctrl and Command as one modifier", () => {
  expect(press("/")).toBe("/");
  expect(press("?")).toBe("?");
  expect(press("k", { ctrlKey: true })).toBe("mod+k");
  expect(press("K", { metaKey: true })).toBe("mod+k");
  expect(press("Shift")).toBeUndefined();
});

test("AltGr writes a sign, and Alt on a Mac means the key it is on", () => {
  expect(press("[", { altGraph: true, ctrlKey: true, altKey: true })).toBe("[");
  expect(press("µ", { altKey: true, code: "KeyM" })).toBe("alt+m");
});

test("several ways to one act stand with commas between", () => {
  expect(waysOf("t, alt+m")).toEqual(["t", "alt+m"]);
  expect(waysOf("g p")).toEqual(["g p"]);
  expect(waysOf(undefined)).toEqual([]);
});
