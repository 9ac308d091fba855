import { join } from "node:path";
import { generateDtsBundle } from "dts-bundle-generator";

const ROOT = join(import.meta.dirname, "../..");

/** The types of `besom/client` as one file that needs no other: the archive that the server hands out has no packages. Takes 6 s. */
export function bundleClientTypes(): string {
  const [text = ""] = generateDtsBundle(
    [
      {
        filePath: join(ROOT, "client/index.ts"),
        libraries: {
          inlinedLibraries: ["@graphql-typed-document-node/core"],
          importedLibraries: [],
          allowedTypesLibraries: [],
        },
        output: { noBanner: true },
      },
    ],
    { preferredConfigPath: join(ROOT, "tsconfig.json"), followSymlinks: true },
  );
  // Of a parsed document only its types are of use here, and graphql is not there to tell what it is.
  return `${HEAD}${text.replace("extends DocumentNode, DocumentTypeDecoration", "extends DocumentTypeDecoration")}`;
}

const HEAD = "// Written by scripts/print-client-types.ts. Do not edit: change client/ and run it again.\n";
