"use client";

import { type RefObject, useEffect, useRef, useState } from "react";

/** So many on either side, so that a flick shows no gap. */
const OVERSCAN = 2;
/** What the server draws: wide enough for any screen. */
const FIRST = 24;

/**
 * Which of the columns beside the pinned ones are near the view, as a half-open range: a table of hundreds of
 * metrics draws some twenty columns.
 */
export function useColumnWindow(
  scroller: RefObject<HTMLElement | null>,
  widths: readonly number[],
  pinnedPx: number,
): { from: number; to: number } {
  const [range, setRange] = useState({ from: 0, to: FIRST });
  const look = useRef(() => {});
  look.current = () => {
    const box = scroller.current;
    if (!box) return;
    const left = box.scrollLeft;
    const right = left + box.clientWidth - pinnedPx;
    let [from, to, x] = [0, 0, 0];
    for (const [i, width] of widths.entries()) {
      if (x + width <= left) from = i + 1;
      if (x < right) to = i + 1;
      x += width;
    }
    const next = { from: Math.max(0, from - OVERSCAN), to: Math.min(widths.length, to + OVERSCAN) };
    setRange((now) => (now.from === next.from && now.to === next.to ? now : next));
  };
  useEffect(() => {
    look.current();
  });
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const onScroll = () => look.current();
    box.addEventListener("scroll", onScroll, { passive: true });
    const sizes = new ResizeObserver(onScroll);
    sizes.observe(box);
    return () => {
      box.removeEventListener("scroll", onScroll);
      sizes.disconnect();
    };
  }, [scroller]);
  return { from: Math.min(range.from, widths.length), to: Math.min(range.to, widths.length) };
}
