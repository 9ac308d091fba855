import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findCredentials, saveCredentials } from "@/client/credentials";

function withHome(body: (env: Record<string, string>, dataDir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "besom-test-"));
  const dataDir = join(dir, "data");
  mkdirSync(dataDir);
  try {
    body({ XDG_CONFIG_HOME: join(dir, "config"), BESOM_DATA_DIR: dataDir }, dataDir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test("without any word the server on this machine is asked, without a key", () => {
  withHome((env) => expect(findCredentials(env)).toEqual({ url: "http://localhost:3000", from: "nowhere" }));
});

test("a server on this machine is found by the file it leaves, however its address is spelt", () => {
  withHome((env, dataDir) => {
    writeFileSync(
      join(dataDir, "credentials.json"),
      JSON.stringify({ url: "http://localhost:4000", key: "local" }),
    );
    expect(findCredentials(env)).toMatchObject({ url: "http://localhost:4000", key: "local" });
    expect(findCredentials({ ...env, BESOM_URL: "http://127.0.0.1:4000/" })).toMatchObject({ key: "local" });
    expect(findCredentials({ ...env, BESOM_URL: "http://elsewhere:4000" }).key).toBeUndefined();
  });
});

test("login beats the local file, the environment beats both", () => {
  withHome((env, dataDir) => {
    writeFileSync(
      join(dataDir, "credentials.json"),
      JSON.stringify({ url: "http://localhost:4000", key: "local" }),
    );
    saveCredentials("http://one", "key-one", env);
    const path = saveCredentials("http://two/", "key-two", env);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8")).servers).toEqual({
      "http://one": { key: "key-one" },
      "http://two": { key: "key-two" },
    });
    expect(findCredentials(env)).toMatchObject({ url: "http://two/", key: "key-two" });
    expect(findCredentials({ ...env, BESOM_URL: "http://one/" })).toMatchObject({ key: "key-one" });
    expect(findCredentials({ ...env, BESOM_API_KEY: " given\n" })).toMatchObject({
      url: "http://two/",
      key: "given",
    });
  });
});

test("a broken file is no file", () => {
  withHome((env, dataDir) => {
    writeFileSync(join(dataDir, "credentials.json"), "{");
    expect(findCredentials(env).key).toBeUndefined();
  });
});
