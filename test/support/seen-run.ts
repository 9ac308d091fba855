import { beforeAll } from "vitest";
import { addPerson, joinProject, type Person } from "./people";
import { ask, send, type TestServer } from "./server";
import { beginRun, type WireRun } from "./wire";

// biome-ignore lint/suspicious/noExplicitAny: what a document asks for, its test knows
export type Data = any;

/** A run that a client of wandb's has begun, and somebody who may look at it: there before the first test. */
export function seenRun(server: () => TestServer) {
  let run: WireRun;
  let viewer: Person;
  beforeAll(async () => {
    run = await beginRun(server(), "seen");
    viewer = await addPerson(server(), "vera");
    const [project] = await server().db.sql<
      { id: number }[]
    >`select id from projects where name = ${run.project}`;
    await joinProject(server(), project?.id ?? 0, viewer.userId, "viewer");
  });
  return {
    run: () => run,
    viewer: () => viewer,
    /** Fields of it, or of another one, as this person sees them. */
    ofRun: async (fields: string, of = run, who: { url: string; key: string } = server()): Promise<Data> =>
      (await ask<Data>(who, `{ run(id: "${of.id}") { ${fields} } }`)).run,
    errorOf: async (fields: string, of = run) =>
      (await send(server(), `{ run(id: "${of.id}") { ${fields} } }`)).errors?.[0],
  };
}
