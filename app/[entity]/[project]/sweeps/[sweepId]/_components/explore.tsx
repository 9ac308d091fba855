"use client";

import dynamic from "next/dynamic";

/** The charts of the Explore tab; a page whose reader never opens it does not load them. */
export const Explore = dynamic(() => import("./explore-panels").then((part) => part.ExplorePanels), {
  loading: () => <div className="min-h-[60rem]" />,
});
