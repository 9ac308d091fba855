"use client";

/** Every run as a line through its parameters. */
export function Parallel() {
  return null;
}
