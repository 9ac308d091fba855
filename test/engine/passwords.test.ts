import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAppError } from "@/core/errors";
import { changePassword } from "@/engine/accounts/change-password";
import { checkPassword } from "@/engine/accounts/password";
import { hashPassword, verifyPassword } from "@/engine/accounts/password-hash";
import { signInByPassword } from "@/engine/accounts/sign-in";
import { setUser } from "@/engine/accounts/users";
import { authenticateSession } from "@/engine/authorize";
import { redeemLoginLink, requestLoginLink } from "@/engine/sessions";
import { addUser, asSession } from "./support/accounts";
import { codeOf, withHouse } from "./support/house";

const from = (address: string) => ({ address, near: address, userAgent: "test" });

describe("a password", () => {
  test.each([
    ["123456789", "too short"],
    ["1234567890", "first that anybody tries"],
    ["Password123", "first that anybody tries"],
    ["aaaaaaaaaaaaaaa", "first that anybody tries"],
    ["abababababab", "first that anybody tries"],
    ["abcdefghijklmnop", "first that anybody tries"],
    ["9876543210", "first that anybody tries"],
    ["anna.smith12", "your own name"],
    ["annasmith2026", undefined],
    ["smith@example.org", "your own name"],
    ["violet otter harbour", undefined],
    ["пароль из букв", undefined],
    ["p".repeat(9), "too short"],
    ["with\0a zero byte", "10 to 1024"],
  ])("%j: %s", (password, why) => {
    const check = () => checkPassword(password, ["anna.smith", "smith@example.org"]);
    if (why === undefined) expect(check()).toBe(password);
    else expect(check).toThrow(why);
  });

  test("of more than 1024 characters is refused", () =>
    expect(() => checkPassword("xyz".repeat(342), [])).toThrow("10 to 1024"));

  test("is never repeated in the refusal of it", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (password) => {
        try {
          checkPassword(password, ["ann"]);
        } catch (error) {
          const said = `${error} ${JSON.stringify(isAppError(error) ? error.details : {})}`;
          expect(password.length > 4 && said.includes(password)).toBe(false);
        }
      }),
    );
  });

  test("is known by its hash and by no other's, however it was typed", async () => {
    const [one, two] = await Promise.all([
      hashPassword("Müller's Fahrrad"),
      hashPassword("Müller's Fahrrad"),
    ]);
    expect(one).not.toBe(two);
    expect(one).toMatch(/^scrypt\$15\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
    expect(await verifyPassword("Müller's Fahrrad", one)).toBe(true);
    expect(await verifyPassword("Mu\u0308ller's Fahrrad", one)).toBe(true);
    expect(await verifyPassword("müller's Fahrrad", one)).toBe(false);
    expect(await verifyPassword("", one)).toBe(false);
    expect(await verifyPassword("anything", null)).toBe(false);
    expect(await verifyPassword("", undefined)).toBe(false);
  });

  test("a flood of them is turned away instead of eating the memory, and the next one is served", async () => {
    const flood = await Promise.allSettled(Array.from({ length: 40 }, () => verifyPassword("x", null)));
    const refused = flood.filter(({ status }) => status === "rejected");
    // Two at work and ten in line.
    expect(refused).toHaveLength(28);
    expect(refused.every((one) => one.status === "rejected" && one.reason.code === "RATE_LIMITED")).toBe(
      true,
    );
    expect(await verifyPassword("x", null)).toBe(false);
  });
});

test("one signs in by name or address and password; unknown, wrong and unset are one answer", () =>
  withHouse(async (house) => {
    const { db } = house;
    const ann = await addUser(house, "Ann");
    await addUser(house, "bob");
    await db.sql`update users set email = 'ann@example.org' where id = ${ann.userId}`;
    await changePassword(ann, { password: "violet otter harbour" });
    const signIn = (name: string, password: string, address = "10.0.0.1") =>
      signInByPassword(db, { name, password }, from(address));
    for (const name of ["Ann", "aNN", "ANN@example.org", " ann "]) {
      const { session } = await signIn(name, "violet otter harbour");
      expect(await authenticateSession(db, session)).toMatchObject({ userId: ann.userId, scope: "full" });
    }
    const answers = await Promise.all(
      [
        ["ann", "wrong password"],
        ["bob", "any password"],
        ["nobody", "any password"],
        ["ann", ""],
      ].map(([name = "", password = ""]) => signIn(name, password).catch((error: Error) => error.message)),
    );
    expect(new Set(answers.slice(0, 3))).toEqual(new Set(["the name or the password is wrong"]));
    await db.sql`update users set disabled_at = now() where id = ${ann.userId}`;
    expect(await codeOf(signIn("ann", "violet otter harbour"))).toBe("UNAUTHENTICATED");
  }));

test("guessing is slowed down on all servers together, and locks nobody out elsewhere", () =>
  withHouse(async (house) => {
    const { db, other } = house;
    const ann = await addUser(house, "ann");
    await changePassword(ann, { password: "violet otter harbour" });
    const guess = (server: typeof db, address: string, password = "wrong password", name = "ann") =>
      codeOf(signInByPassword(server, { name, password }, from(address)));
    // Five for nothing, the sixth begins the wait.
    for (let i = 0; i < 6; i++)
      expect(await guess(i % 2 ? db : other.db, "10.6.6.6")).toBe("UNAUTHENTICATED");
    // Each further failure doubles it.
    const blockedMs = async () => {
      const [row] = await db.sql<{ ms: number }[]>`
        select extract(epoch from blocked_until - last_at)::float8 * 1000 as ms from sign_in_failures
        where bucket = 'pair:ann/10.6.6.6'`;
      return Math.round(row?.ms ?? 0);
    };
    expect(await blockedMs()).toBe(1_000);
    // Held there, so that a slow machine does not sit it out.
    await db.sql`update sign_in_failures set blocked_until = now() + interval '1 hour' where bucket like 'pair:%'`;
    expect(await guess(other.db, "10.6.6.6")).toBe("RATE_LIMITED");
    expect(await guess(db, "10.6.6.6", "violet otter harbour")).toBe("RATE_LIMITED");
    expect(await guess(other.db, "10.0.0.1", "violet otter harbour")).toBe("none");
    expect(await guess(db, "10.6.6.6", "wrong password", "somebody-else")).toBe("UNAUTHENTICATED");
    for (const ms of [2_000, 4_000]) {
      await db.sql`update sign_in_failures set blocked_until = now() where blocked_until is not null`;
      expect(await guess(db, "10.6.6.6")).toBe("UNAUTHENTICATED");
      expect(await blockedMs()).toBe(ms);
    }
    await db.sql`update sign_in_failures set failures = 900, blocked_until = now() where bucket like 'pair:%'`;
    await guess(db, "10.6.6.6");
    expect(await blockedMs()).toBe(15 * 60_000);
    // A success forgets what was mistyped before it.
    await db.sql`update sign_in_failures set blocked_until = now()`;
    expect(await guess(db, "10.6.6.6", "violet otter harbour")).toBe("none");
    expect(await db.sql`select from sign_in_failures where bucket = 'pair:ann/10.6.6.6'`).toHaveLength(0);
  }));

test("of guesses that come at the same moment no more are looked at than of those in a row", () =>
  withHouse(async (house) => {
    const { db, other } = house;
    const ann = await addUser(house, "ann");
    await changePassword(ann, { password: "violet otter harbour" });
    const codes = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        codeOf(
          signInByPassword(i % 2 ? db : other.db, { name: "ann", password: `guess ${i}` }, from("10.6.6.6")),
        ),
      ),
    );
    expect(codes.filter((code) => code === "UNAUTHENTICATED")).toHaveLength(6);
    expect(codes.filter((code) => code === "RATE_LIMITED")).toHaveLength(10);
  }));

test("thousands of addresses guess one account slowly; its owner comes in from where they were", () =>
  withHouse(async (house) => {
    const { db } = house;
    const ann = await addUser(house, "ann");
    await changePassword(ann, { password: "violet otter harbour" });
    const signIn = (address: string, password = "violet otter harbour") =>
      codeOf(signInByPassword(db, { name: "ann", password }, from(address)));
    expect(await signIn("10.0.0.1")).toBe("none");
    await db.sql`insert into sign_in_failures (bucket, failures, blocked_until)
      values ('name:ann', 60, now() + interval '1 minute')
      on conflict (bucket) do update set failures = 60, blocked_until = excluded.blocked_until`;
    expect(await signIn("10.77.1.2", "a guess of many")).toBe("RATE_LIMITED");
    expect(await signIn("10.0.0.1")).toBe("none");
  }));

test("whoever changes a password shows the old one, and is signed out everywhere else", () =>
  withHouse(async (house) => {
    const { db } = house;
    const ann = await addUser(house, "ann");
    const [here, there] = [await asSession(house, ann.userId), await asSession(house, ann.userId)];
    await changePassword(here, { password: "violet otter harbour" });
    expect(await codeOf(authenticateSession(db, there.token))).toBe("UNAUTHENTICATED");
    expect(await codeOf(authenticateSession(db, here.token))).toBe("none");
    const next = { password: "seven green bicycles" };
    expect(await codeOf(changePassword(here, next))).toBe("FORBIDDEN");
    expect(await codeOf(changePassword(here, { ...next, current: "wrong password" }))).toBe("FORBIDDEN");
    expect(await codeOf(changePassword(here, { current: "violet otter harbour", password: "ann" }))).toBe(
      "BAD_INPUT",
    );
    const right = { ...next, current: "violet otter harbour", clientMutationId: "c" };
    await changePassword(here, right);
    // The same call again, after its answer got lost: the old password is no longer the current one.
    await changePassword(here, right);
    expect(await codeOf(signInByPassword(db, { name: "ann", ...next }, from("10.0.0.1")))).toBe("none");
    const kept = await db.sql<{ text: string }[]>`
      select idempotency_answers::text || (select string_agg(audit_events::text, '') from audit_events) as text
      from idempotency_answers`;
    expect(JSON.stringify(kept)).not.toMatch(/otter|bicycles/);
  }));

test("a lost password: an administrator forgets it and sends a link, and its owner sets a new one", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const [ann, bob] = [await addUser(house, "ann"), await addUser(house, "bob")];
    await changePassword(ann, { password: "violet otter harbour" });
    const before = await asSession(house, ann.userId);
    expect(await codeOf(setUser(bob, { name: "ann", forgetPassword: true }))).toBe("FORBIDDEN");
    expect(await codeOf(requestLoginLink(bob, { user: "ann" }))).toBe("FORBIDDEN");
    expect(await codeOf(requestLoginLink(context, { user: "nobody" }))).toBe("NOT_FOUND");
    await setUser(context, { name: "ann", forgetPassword: true });
    expect(await codeOf(authenticateSession(db, before.token))).toBe("UNAUTHENTICATED");
    const old = { name: "ann", password: "violet otter harbour" };
    expect(await codeOf(signInByPassword(db, old, from("10.0.0.1")))).toBe("UNAUTHENTICATED");
    const { session, userId } = await redeemLoginLink(
      db,
      (await requestLoginLink(context, { user: "ann" })) ?? "",
    );
    expect(userId).toBe(ann.userId);
    const access = await authenticateSession(db, session);
    await changePassword({ db, access, log: context.log }, { password: "seven green bicycles" });
    const fresh = { name: "ann", password: "seven green bicycles" };
    expect(await codeOf(signInByPassword(db, fresh, from("10.0.0.1")))).toBe("none");
  }));
