import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findCredentials, nameProfile, readSaved, saveCredentials } from "@/client/credentials";

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

const ONE = { url: "http://one", key: "key-one", user: "anna" };
const TWO = { url: "http://two/", key: "key-two", user: "ben" };

test("login beats the local file, the environment beats both", () => {
  withHome((env, dataDir) => {
    writeFileSync(
      join(dataDir, "credentials.json"),
      JSON.stringify({ url: "http://localhost:4000", key: "local" }),
    );
    const path = saveCredentials({ default: "two", profiles: { one: ONE, two: TWO } }, env);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readSaved(env)).toEqual({ default: "two", profiles: { one: ONE, two: TWO } });
    expect(findCredentials(env)).toEqual({ url: "http://two/", key: "key-two", from: path });
    expect(findCredentials({ ...env, BESOM_URL: "http://one/" })).toMatchObject({ key: "key-one" });
    expect(findCredentials({ ...env, BESOM_API_KEY: " given\n" })).toMatchObject({
      url: "http://two/",
      key: "given",
    });
  });
});

test("a profile is chosen by its name; its key never goes to another server", () => {
  withHome((env) => {
    saveCredentials({ default: "two", profiles: { one: ONE, two: TWO } }, env);
    expect(findCredentials({ ...env, BESOM_PROFILE: "one" })).toMatchObject({
      url: "http://one",
      key: "key-one",
    });
    const elsewhere = findCredentials({ ...env, BESOM_PROFILE: "one", BESOM_URL: "http://three" });
    expect(elsewhere).toEqual({ url: "http://three", from: "nowhere" });
    expect(() => findCredentials({ ...env, BESOM_PROFILE: "three" })).toThrow(
      'there is no profile "three"; there are one, two',
    );
    // Two names of mine for one server: the one that was asked for counts.
    const again = { url: "http://one/", key: "key-again" };
    saveCredentials({ default: "one", profiles: { one: ONE, again } }, env);
    expect(findCredentials({ ...env, BESOM_PROFILE: "again" })).toMatchObject({ key: "key-again" });
    expect(findCredentials(env)).toMatchObject({ key: "key-one" });
  });
});

test("a profile without a name of its own is called like its host, and keeps its name", () => {
  const none = { profiles: {} };
  expect(nameProfile("https://sweeps.example.org/besom", none)).toBe("sweeps.example.org");
  expect(nameProfile("http://127.0.0.1:3000", none)).toBe("localhost-3000");
  expect(nameProfile("http://[fe80::1]:3000", none)).toMatch(/^[A-Za-z0-9]/);
  expect(nameProfile("http://one/", { profiles: { mine: ONE } })).toBe("mine");
  expect(nameProfile("https://one", { profiles: { one: ONE } })).toBe("one-2");
});

test("an entry that is no profile is left out, whatever its name", () => {
  withHome((env) => {
    const path = saveCredentials({ profiles: { one: ONE } }, env);
    writeFileSync(path, JSON.stringify({ profiles: { one: ONE, bad: { url: 3 } }, default: "constructor" }));
    expect(readSaved(env)).toEqual({ profiles: { one: ONE }, default: "constructor" });
    expect(findCredentials(env)).toEqual({ url: "http://localhost:3000", from: "nowhere" });
  });
});

test("a broken file is no file", () => {
  withHome((env, dataDir) => {
    writeFileSync(join(dataDir, "credentials.json"), "{");
    expect(findCredentials(env).key).toBeUndefined();
  });
});
