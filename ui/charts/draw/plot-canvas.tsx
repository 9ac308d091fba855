"use client";

import { useEffect, useRef } from "react";

export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

export type Paint = (context: CanvasRenderingContext2D, size: PlotSize) => void;

/** Marks at the plot's edge are whole: the canvas reaches this far beyond it on each side. */
const BLEED = 8;

/** Fills the plot and paints anew when its size, its data or the theme changes: `paint` must be the same while they are. */
export function PlotCanvas({ paint }: { paint: Paint }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    const draw = () => {
      const [width, height] = [canvas.clientWidth - 2 * BLEED, canvas.clientHeight - 2 * BLEED];
      if (width <= 0 || height <= 0) return;
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.round(canvas.clientWidth * ratio);
      canvas.height = Math.round(canvas.clientHeight * ratio);
      context.setTransform(ratio, 0, 0, ratio, BLEED * ratio, BLEED * ratio);
      paint(context, { width, height });
    };
    // It reports once at the start.
    const observer = new ResizeObserver(draw);
    observer.observe(canvas);
    return () => observer.disconnect();
  }, [paint]);
  return (
    <div aria-hidden="true" className="absolute" style={{ inset: -BLEED }}>
      <canvas ref={ref} className="size-full" />
    </div>
  );
}
