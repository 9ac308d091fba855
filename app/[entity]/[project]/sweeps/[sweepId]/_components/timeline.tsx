"use client";

import dynamic from "next/dynamic";

/** Which agent worked on what, and when; loaded when somebody looks. */
export const Timeline = dynamic(() => import("./timeline-panel").then((part) => part.TimelinePanel), {
  loading: () => <div className="min-h-96" />,
});
