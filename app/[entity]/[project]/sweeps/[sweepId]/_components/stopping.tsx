"use client";

import dynamic from "next/dynamic";

/** What early stopping looked at; loaded when somebody looks. */
export const Stopping = dynamic(() => import("./stopping-panel").then((part) => part.StoppingPanel), {
  loading: () => <div className="min-h-96" />,
});
