"use client";

import { type RefObject, useEffect } from "react";

/**
 * While somebody is at an element, what grows above it scrolls the page along: it stays under the pointer. The browser's
 * own anchoring holds what is topmost in view, which may be the very chart that grows.
 */
export function useStillPlace(element: RefObject<HTMLElement | null>, occupied: boolean): void {
  useEffect(() => {
    const box = element.current;
    if (!box || !occupied) return;
    const topOf = () => box.getBoundingClientRect().top;
    let top = topOf();
    const remember = () => {
      top = topOf();
    };
    // Scroll events come before the layout of their frame, sizes after it and before it is painted: a difference is no scrolling.
    const sizes = new ResizeObserver(() => {
      const moved = topOf() - top;
      if (moved !== 0) scrollBy({ top: moved, behavior: "instant" });
      remember();
    });
    sizes.observe(document.body);
    addEventListener("scroll", remember, { passive: true });
    return () => {
      sizes.disconnect();
      removeEventListener("scroll", remember);
    };
  }, [element, occupied]);
}
