"use client";

/** What the runs that failed printed last. */
export function Failures() {
  return null;
}
