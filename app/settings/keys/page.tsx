import type { Metadata } from "next";
import { ask } from "@/app/_lib/ask";
import { isLiving } from "@/app/_lib/living";
import { KeysPage } from "@/graphql/operations/accounts";
import { CommandBlock } from "@/ui/kit/copy";
import { Empty } from "@/ui/kit/empty";
import { Panel } from "@/ui/kit/panel";
import { KeyList } from "./_components/key-list";
import { NewKey } from "./_components/new-key";

export const metadata: Metadata = { title: "API keys" };

/** Enough for a list to choose from; keys for the others are made by the API. */
const PROJECTS = 500;

export default async function Page() {
  const { apiKeys, projects, serverInfo } = await ask(KeysPage, { first: PROJECTS }, "/settings/keys");
  const now = Date.now();
  const living = apiKeys.filter((key) => isLiving(key, now));
  const ended = apiKeys.filter((key) => !isLiving(key, now));
  const login = `npx besom login ${serverInfo.url}`;
  return (
    <>
      <h1 className="sr-only">API keys</h1>
      <Panel id="terminal" title="A terminal of yours" className="mb-10">
        <p className="mb-3 max-w-2xl text-ink-soft">
          This asks for your word in the browser, makes a key for that machine and keeps it there. No key has
          to be copied.
        </p>
        <div className="max-w-2xl">
          <CommandBlock command={login} label="Copy" />
        </div>
      </Panel>
      <Panel id="new" title="New key" className="mb-10">
        <NewKey projects={projects.nodes} url={serverInfo.url} />
      </Panel>
      <Panel id="keys" title="Your keys" note={living.length > 0 ? String(living.length) : undefined}>
        {living.length > 0 ? (
          <KeyList keys={living} label="Keys that work" />
        ) : (
          <Empty title="No key works for you now">
            Scripts, agents and notebooks show who they are by a key. Make one above, or sign a terminal in.
          </Empty>
        )}
        {ended.length > 0 && (
          <details className="mt-6">
            <summary className="inline-flex min-h-6 items-center text-ink-soft text-sm">
              Revoked and expired ({ended.length})
            </summary>
            <div className="mt-2">
              <KeyList keys={ended} label="Keys that no longer work" />
            </div>
          </details>
        )}
      </Panel>
    </>
  );
}
