"use client";

import { type FocusEvent, type UIEvent, useState } from "react";
import { holdOrder } from "@/ui/charts/prepare/rows";

/**
 * Rows stay where they are while someone is at the table: the pointer is over it, the focus is in it, or it is
 * scrolled away from its top. A new sorting, or the reader's own wish, lets everything fall into place.
 */
export function useHeldOrder(sorted: readonly string[], sorting: string) {
  const [pointer, setPointer] = useState(false);
  const [focus, setFocus] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const [released, setReleased] = useState(0);
  const key = `${sorting} ${released}`;
  const [shown, setShown] = useState({ order: sorted, key });
  const holding = (pointer || focus || scrolled) && shown.key === key;
  // Remembering during the render, not after it: an effect would paint the unheld order once.
  if (!holding && (shown.order !== sorted || shown.key !== key)) setShown({ order: sorted, key });
  const { order, waiting } = holding ? holdOrder(shown.order, sorted) : { order: sorted, waiting: 0 };
  return {
    order,
    waiting,
    /** Somebody is at it now, and not only has left it scrolled. */
    occupied: pointer || focus,
    release: () => setReleased((count) => count + 1),
    watch: {
      onPointerEnter: () => setPointer(true),
      onPointerLeave: () => setPointer(false),
      onFocus: () => setFocus(true),
      onBlur: (event: FocusEvent) => setFocus(event.currentTarget.contains(event.relatedTarget)),
      onScroll: (event: UIEvent) => setScrolled(event.currentTarget.scrollTop > 0),
    },
  };
}
