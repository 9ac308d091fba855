"use client";

/** Any two things about the runs against each other. */
export function Explore() {
  return null;
}
