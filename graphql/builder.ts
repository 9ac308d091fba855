import SchemaBuilder from "@pothos/core";
import type { Context } from "./context";

/** The one builder: every noun's schema.ts adds its types to it, schema.ts assembles them. Fields are non-null unless they say otherwise. */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string | number };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    Column: { Input: never; Output: unknown };
    RunColumns: { Input: never; Output: unknown };
    MetricBatch: { Input: unknown; Output: never };
  };
}>({ defaultFieldNullability: false });

builder.queryType({
  description: "Everything that can be read. Unknown ids are null, and what may not be seen looks unknown.",
});
builder.mutationType({
  description:
    "Each verb takes one input and gives one payload. Expected failures are the payload's `error`; a repeated `clientMutationId` gets the first answer again, for 24 hours.",
});
builder.subscriptionType({
  description:
    "Live changes: of metrics at most 25 updates a second, of anything else at most 10. The `cursor` of the last event makes a reconnect miss nothing, on any server of the same database.",
});
