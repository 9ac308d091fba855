import type { Diagnostic } from "@/core/sweep-config";
import { builder } from "../builder";

export const Warning = builder.objectRef<Diagnostic>("SweepWarning").implement({
  description: "Something about a sweep file that its author should know; it runs all the same.",
  fields: (t) => ({
    code: t.exposeString("code", { description: "Stable, for programs." }),
    message: t.exposeString("message", { description: "The value, what was expected, how to mend it." }),
    path: t.stringList({ description: "Keys from the root of the file.", resolve: ({ path }) => [...path] }),
    line: t.int({
      nullable: true,
      description: "From 1; null when the input was a JSON value.",
      resolve: ({ line }) => line ?? null,
    }),
    column: t.int({ nullable: true, description: "From 1.", resolve: ({ column }) => column ?? null }),
  }),
});
