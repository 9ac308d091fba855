import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withServer } from "../../support/server";
import { playTape, type Tape } from "../../support/wandb-tape";

const TAPES = join(import.meta.dirname, "../../fixtures/wandb/tapes");

test.each(readdirSync(TAPES))(
  "what the real client said once is answered as it was then, and leaves the same runs: %s",
  (file) =>
    withServer(async (server) => {
      const tape = JSON.parse(readFileSync(join(TAPES, file), "utf8")) as Tape;
      const differing = await playTape(server, tape, async (operation) => {
        // Nobody waits here: a command's agent asks for its first run after 5 s.
        if (operation === "Heartbeat")
          await server.db.sql`update agents set created_at = created_at - interval '5 s'`;
      });
      expect(differing).toEqual([]);
      const runs = await server.db.sql`
      select p.name as project, r.name, r.state, r.attempt, r.objective, r.params::text::json->>'lr' as lr, a.last_step::int as last, a.history_lines as lines
      from runs r join projects p on p.id = r.project_id join attempts a on a.run_id = r.id and a.number = r.attempt
      where p.name in ('tape', 'resume') order by p.name desc, r.id`;
      const trained = { project: "tape", state: "finished", attempt: 1, last: 3, lines: 4 };
      expect(runs).toMatchObject([
        { ...trained, lr: "0.5", objective: 0.125 },
        { ...trained, lr: "1.0", objective: 0.25 },
        { project: "resume", name: "going-on", state: "finished", attempt: 2, last: 6 },
        { project: "resume", name: "again", state: "finished", attempt: 2, last: 1 },
      ]);
      const [state] = await server.db.sql`
      select s.state, s.state_reason as reason from sweeps s join projects p on p.id = s.project_id where p.name = 'tape'`;
      expect(state).toEqual({ state: "finished", reason: "exhausted" });
    }),
  30_000,
);
