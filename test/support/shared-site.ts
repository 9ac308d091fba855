import { inject } from "vitest";
import { openDriver } from "./seed";
import type { Site } from "./site";
import type { OfferedSite } from "./site-host";

/** The site that files share, started when the first one asks; it ends with the whole test run. */
export async function joinSite(): Promise<Site> {
  const response = await fetch(inject("siteHost"));
  if (!response.ok) throw new Error(`the shared site did not start: ${await response.text()}`);
  const offered = (await response.json()) as OfferedSite;
  return { ...offered, driver: openDriver(offered.url, offered.key), close: async () => {} };
}
