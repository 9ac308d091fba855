import { AppError } from "@/core/errors";
import { listSweepAttempts, type SweepAttempt } from "@/db/queries/sweep-attempts";
import { builder } from "../builder";
import { AttemptState } from "../enums";
import { Sweep } from "../refs";

const MAX_ATTEMPTS = 20_000;

interface SweepAttempts {
  readonly rows: readonly SweepAttempt[];
  readonly more: boolean;
}

const SweepAttemptsType = builder.objectRef<SweepAttempts>("SweepAttempts").implement({
  description: "Attempts of a sweep's runs, in columns of one length, those of the newest runs first.",
  fields: (t) => {
    const column = (description: string, toValue: (row: SweepAttempt) => number | null) =>
      t.field({ type: "Column", description, resolve: ({ rows }) => rows.map(toValue) });
    return {
      run: column("The run, by number.", ({ runId }) => runId),
      number: column("Which try at it, from 1.", ({ number }) => number),
      agent: column("Who held it, by number; null for a writer without an agent.", ({ agentId }) => agentId),
      slot: column(
        "Which of its agent's slots it has, from 0; null where it has one alone.",
        ({ slot }) => slot,
      ),
      startedAt: column("When it began, in milliseconds since 1970.", ({ startedAt }) => startedAt),
      endedAt: column("When it ended; null while it goes on.", ({ endedAt }) => endedAt),
      state: t.field({
        type: [AttemptState],
        description: "Where it stands, or how it ended.",
        resolve: ({ rows }) => rows.map(({ state }) => state),
      }),
      reason: t.field({
        type: ["String"],
        nullable: { list: false, items: true },
        description: "Why it ended, as a word.",
        resolve: ({ rows }) => rows.map(({ reason }) => reason),
      }),
      more: t.exposeBoolean("more", { description: "There are more than were asked for." }),
    };
  },
});

builder.objectField(Sweep, "attempts", (t) =>
  t.field({
    type: SweepAttemptsType,
    description:
      "What its runs' own times do not tell, for a timeline: all attempts of runs that were tried more than once, and those that have a slot.",
    args: {
      first: t.arg.int({
        required: true,
        description: `Attempts, of the newest runs; at most ${MAX_ATTEMPTS}.`,
      }),
    },
    resolve: async (sweep, { first }, { db, loaders }) => {
      if (!(first >= 0 && first <= MAX_ATTEMPTS))
        throw new AppError("BAD_INPUT", `first is ${first}, expected 0 to ${MAX_ATTEMPTS}`);
      const asked = { sweepId: sweep.id, length: first + 1 };
      const rows = await loaders.allowance.read(
        () => listSweepAttempts(db, loaders.access, asked),
        (read) => read.length * 80,
      );
      return { rows: rows.slice(0, first), more: rows.length > first };
    },
  }),
);
