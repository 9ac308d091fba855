"use client";

/** What the runs logged, metric by metric. */
export function Charts() {
  return null;
}
