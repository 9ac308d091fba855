import { AppError } from "@/core/errors";
import type { RunFileRow, RunFolderRow } from "@/db/queries/files";
import { LOOK_MS, openLinks, toAddress } from "@/engine/files/links";
import { builder } from "../builder";
import { checkFirst, connection, readPosition, toCursor } from "../connection";
import type { Context } from "../context";
import { toLookup } from "../ids";
import { Run } from "../refs";

/** Files of a run: what its program saved, and what is behind the pictures and tables that it logged. */

const MAX_PREFIX = 1_024;

/** By which a browser gets the bytes without credentials, for an hour or two. */
export async function fileAddress(
  { db, publicUrl }: Pick<Context, "db" | "publicUrl">,
  { runId, name }: { runId: number; name: string },
  may: "get-run-file" | "show-run-file" = "get-run-file",
): Promise<string> {
  return toAddress(publicUrl, (await openLinks(db)).sign({ may, runId, name }, LOOK_MS));
}

/** The same of an entry of an artifact. */
export async function sourceAddress(
  { db, publicUrl }: Pick<Context, "db" | "publicUrl">,
  { fileId, entry }: { fileId: number; entry: string },
): Promise<string> {
  return toAddress(publicUrl, (await openLinks(db)).sign({ may: "get-entry", fileId, name: entry }, LOOK_MS));
}

const RunFile = builder.objectRef<RunFileRow>("RunFile").implement({
  description: "A file of a run.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "With slashes, as its program named it." }),
    size: t.float({ description: "In bytes.", resolve: ({ bytes }) => bytes }),
    type: t.string({
      description: "Its media type by its ending; application/octet-stream where that says nothing.",
      resolve: ({ mimeType }) => mimeType ?? "application/octet-stream",
    }),
    md5: t.exposeString("md5", { nullable: true, description: "Of its bytes, in hexadecimal digits." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When these bytes came." }),
    url: t.string({
      description: "Where its bytes are, for whoever has this address, for one to two hours.",
      resolve: (file, _args, context) => fileAddress(context, file),
    }),
  }),
});
const RunFileConnection = connection<RunFileRow>("RunFile", RunFile, "files of a run");

const RunFolder = builder.objectRef<RunFolderRow>("RunFolder").implement({
  description: "What the names of some files of a run have in common up to a slash.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its own part of the name, without a slash." }),
    files: t.exposeInt("files", { description: "How many files are in it and below." }),
    size: t.float({ description: "Bytes of all of them.", resolve: ({ bytes }) => bytes }),
  }),
});

builder.objectFields(Run, (t) => ({
  files: t.field({
    type: RunFileConnection,
    description: "Its files, by name.",
    args: {
      first: t.arg.int({ description: "Length of the page, at most 1000; 50 when absent." }),
      after: t.arg.string({ description: "The endCursor of the page before." }),
      prefix: t.arg.string({ description: "Only names that begin so." }),
      shallow: t.arg.boolean({
        description: "Only files whose names have no further slash behind the prefix: those of one folder.",
      }),
    },
    resolve: async ({ id }, { first, after, prefix, shallow }, { loaders }) => {
      const length = checkFirst(first);
      const page = await loaders
        .files({
          prefix: toPrefix(prefix),
          shallow: shallow ?? false,
          after: readPosition(after, ([name]) =>
            typeof name === "string" ? toLookup("after", name) : undefined,
          ),
          limit: length + 1,
        })
        .load(id);
      const rows = page?.rows ?? [];
      return {
        rows: rows.slice(0, length),
        hasNextPage: rows.length > length,
        toCursor: ({ name }: RunFileRow) => toCursor([name]),
        total: () => page?.total ?? 0,
      };
    },
  }),
  folders: t.field({
    type: [RunFolder],
    description: "The folders right below a prefix, by name; at most 1000.",
    args: {
      prefix: t.arg.string({ description: "A folder with its slash; the outermost ones when absent." }),
    },
    resolve: ({ id }, { prefix }, { loaders }) => {
      const within = toPrefix(prefix);
      if (within === "" || within.endsWith("/")) return loaders.folders(within).load(id);
      throw new AppError(
        "BAD_INPUT",
        `prefix is ${JSON.stringify(within)}, expected a folder such as "media/"`,
      );
    },
  }),
}));

function toPrefix(prefix: string | null | undefined): string {
  if ((prefix?.length ?? 0) <= MAX_PREFIX) return toLookup("prefix", prefix ?? "");
  throw new AppError(
    "BAD_INPUT",
    `prefix has ${prefix?.length} characters, at most ${MAX_PREFIX} are looked for`,
  );
}
