"use client";

import { useEffect, useRef, useState } from "react";

/** Whether the element is on the screen or within a screen's third of it: charts further off wait. */
export function useNear<E extends Element>(): [ref: React.RefObject<E | null>, near: boolean] {
  const ref = useRef<E>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (!ref.current) return;
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      rootMargin: "300px",
    });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return [ref, near];
}
