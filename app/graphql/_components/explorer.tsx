"use client";

import { GraphiQL } from "graphiql";
import "./workers";
import "graphiql/style.css";
import "./explorer.css";
import { useEffect, useState } from "react";
import type { Theme } from "@/ui/kit/theme";
import { EXAMPLE_TABS } from "./examples";
import { openFetcher } from "./fetcher";

/** GraphiQL from its package, workers and fonts included: nothing is fetched from anywhere else. */
export function Explorer({ theme }: { theme: Theme | undefined }) {
  const [fetcher, setFetcher] = useState<ReturnType<typeof openFetcher>>();
  const shown = useShownTheme(theme);
  useEffect(() => {
    const opened = openFetcher();
    setFetcher(opened);
    return () => opened.close();
  }, []);
  return (
    <div className="h-[calc(100dvh-3.0625rem)] min-h-96">
      {fetcher && (
        <GraphiQL
          fetcher={fetcher.fetch}
          defaultTabs={EXAMPLE_TABS}
          forcedTheme={shown}
          // Who asks is the session's cookie; a header typed here would stay in the browser's storage.
          isHeadersEditorEnabled={false}
          shouldPersistHeaders={false}
        />
      )}
    </div>
  );
}

/** The page's theme as it is now: GraphiQL follows the switch in the frame. */
function useShownTheme(chosen: Theme | undefined): Theme {
  const [theme, setTheme] = useState<Theme>(chosen ?? "light");
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const read = () => {
      const { theme: said } = document.documentElement.dataset;
      setTheme(said === "light" || said === "dark" ? said : dark.matches ? "dark" : "light");
    };
    read();
    const watched = new MutationObserver(read);
    watched.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    dark.addEventListener("change", read);
    return () => {
      watched.disconnect();
      dark.removeEventListener("change", read);
    };
  }, []);
  return theme;
}
