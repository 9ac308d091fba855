import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Locked {
  version?: string;
  optionalDependencies?: Record<string, string>;
}

test("package-lock.json names the build of each package for every platform, or npm ci would refuse it", () => {
  const file = join(import.meta.dirname, "../../package-lock.json");
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Locked> };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
    ),
  );
  // Otherwise: node scripts/mend-lock.mjs
  expect(missing).toEqual([]);
});

test("what `next build` would install by itself when it is missing is a dependency of start and demo", () => {
  const file = join(import.meta.dirname, "../../package.json");
  const { dependencies } = JSON.parse(readFileSync(file, "utf8")) as { dependencies: Record<string, string> };
  for (const name of ["typescript", "@types/react", "@types/node", "tsx"])
    expect(dependencies).toHaveProperty([name]);
});
