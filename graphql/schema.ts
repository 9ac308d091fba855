import { lexicographicSortSchema, printSchema } from "graphql";
import { boundAnswers } from "./bounds";
import { builder } from "./builder";
import "./scalars";
import "./user/schema";
import "./user/verbs";
import "./entity/schema";
import "./entity/invitations";
import "./entity/audit";
import "./entity/verbs";
import "./search/schema";
import "./project/schema";
import "./project/live";
import "./project/verbs";
import "./sweep/schema";
import "./project/views";
import "./sweep/verbs";
import "./sweep/preview";
import "./sweep/attempts";
import "./sweep/stopping";
import "./sweep/live";
import "./run/schema";
import "./run/live";
import "./run/verbs";
import "./run/enqueue";
import "./run/retry";
import "./metric/schema";
import "./metric/histories";
import "./metric/verbs";
import "./metric/live";
import "./agent/schema";
import "./agent/live";
import "./agent/verbs";

/** The public API, assembled from its nouns. */
export const schema = boundAnswers(builder.toSchema());

/** What schema.graphql holds: a change of the API is always seen in review. */
export const printApi = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`;
