import { AppError } from "@/core/errors";
import { type Found, findByName } from "@/db/queries/search";
import { builder } from "../builder";
import { toLookup } from "../ids";
import { Project, Run, Sweep } from "../refs";

/** Of each kind. */
const MOST = 20;
const USUAL = 6;
/** More words make no name clearer. */
const MOST_WORDS = 6;

const SearchResults = builder.objectRef<Found>("SearchResults").implement({
  description: "What is called so, what begins with it first, then the newest.",
  fields: (t) => ({
    projects: t.field({
      type: [Project],
      description: "By their own name and their entity's.",
      resolve: async ({ projectIds }, _args, { loaders }) =>
        isThere(await Promise.all(projectIds.map((id) => loaders.project.load(id)))),
    }),
    sweeps: t.field({
      type: [Sweep],
      description: "By name or id, among the newest 5,000.",
      resolve: async ({ sweepIds }, _args, { loaders }) =>
        isThere(await Promise.all(sweepIds.map((id) => loaders.sweep.load(id)))),
    }),
    runs: t.field({
      type: [Run],
      description: "By name, among the newest 20,000.",
      resolve: async ({ runIds }, _args, { loaders }) =>
        isThere(await Promise.all(runIds.map((id) => loaders.run.load(id)))),
    }),
  }),
});

builder.queryField("search", (t) =>
  t.field({
    type: SearchResults,
    description:
      "Projects, sweeps and runs that the caller may see, by their names: all words must occur, a-z and A-Z being the same.",
    args: {
      text: t.arg.string({
        required: true,
        description: `Words with blanks between; the first ${MOST_WORDS} count.`,
      }),
      first: t.arg.int({
        description: `Of each kind at most this many, at most ${MOST}; ${USUAL} when absent.`,
      }),
    },
    resolve: (_root, { text, first }, { db, access }) => {
      const words = toLookup("text", text).split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);
      const length = checkFirst(first ?? USUAL, { most: MOST });
      return words.length === 0
        ? { projectIds: [], sweepIds: [], runIds: [] }
        : findByName(db, access, { words, length });
    },
  }),
);

function checkFirst(first: number, { most }: { most: number }): number {
  if (first >= 1 && first <= most) return first;
  throw new AppError("BAD_INPUT", `first is ${first}, expected 1 to ${most}`);
}

/** Deleted between the search and the reading. */
const isThere = <T>(rows: readonly (T | undefined)[]): T[] => rows.filter((row) => row !== undefined);
