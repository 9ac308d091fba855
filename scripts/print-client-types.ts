import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleClientTypes } from "./lib/client-types";

/** Writes client/public.d.ts; a test compares it with the code, so that every change of what users import is seen in review. */
writeFileSync(join(import.meta.dirname, "../client/public.d.ts"), bundleClientTypes());
