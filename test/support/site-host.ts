import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import type { Site } from "./site";

/** What of a site goes from process to process. */
export type OfferedSite = Omit<Site, "driver" | "close">;

declare module "vitest" {
  export interface ProvidedContext {
    siteHost: string;
  }
}

/** Once a test run, beside all files: starts one site when a file asks for it, and ends it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let opening: Promise<Site> | undefined;
  const host = createServer(async (_, response) => {
    try {
      // Later than the setup of the database, which it needs.
      opening ??= import("./site").then(({ openSite }) => openSite(project.getProvidedContext()));
      const { driver, close, ...offered } = await opening;
      response.end(JSON.stringify(offered satisfies OfferedSite));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
  host.listen(0, "127.0.0.1");
  await once(host, "listening");
  project.provide("siteHost", `http://127.0.0.1:${(host.address() as AddressInfo).port}`);
  return async () => {
    host.closeAllConnections();
    host.close();
    const site = await opening?.catch(() => undefined);
    await site?.close();
  };
}
