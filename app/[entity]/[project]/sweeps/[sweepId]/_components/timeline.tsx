"use client";

/** Which agent worked on what, and when. */
export function Timeline() {
  return null;
}
