"use client";

/** What early stopping looked at, and decided. */
export function Stopping() {
  return null;
}
