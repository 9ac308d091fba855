import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { printApi } from "@/graphql/schema";

/** Writes graphql/schema.graphql; a test compares it with the code, so that every change of the API is seen in review. */
writeFileSync(join(import.meta.dirname, "../graphql/schema.graphql"), printApi());
