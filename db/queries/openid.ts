import type { Sql, Tx } from "../client";

export interface OpenIdUser {
  userId: number;
  name: string;
  disabled: boolean;
  emailVerified: boolean;
  issuer: string | null;
  subject: string | null;
}

const columns = (sql: Sql | Tx) => sql`
  u.id as "userId", e.name, u.disabled_at is not null as disabled, u.email_verified_at is not null as "emailVerified",
  u.oidc_issuer as issuer, u.oidc_subject as subject
  from users u join entities e on e.id = u.entity_id`;

/** Locked: one account is tied to one identity, also when somebody comes twice at once. */
export async function lockUserBySubject(
  tx: Tx,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<OpenIdUser | undefined> {
  const rows = await tx<OpenIdUser[]>`
    select ${columns(tx)} where u.oidc_issuer = ${issuer} and u.oidc_subject = ${subject} for update of u`;
  return rows[0];
}

export async function lockUserByEmail(tx: Tx, email: string): Promise<OpenIdUser | undefined> {
  const rows = await tx<OpenIdUser[]>`select ${columns(tx)} where u.email = ${email} for update of u`;
  return rows[0];
}

export async function lockUserById(tx: Tx, userId: number): Promise<OpenIdUser | undefined> {
  const rows = await tx<OpenIdUser[]>`select ${columns(tx)} where u.id = ${userId} for update of u`;
  return rows[0];
}

/** The account is this person's from now on. */
export async function tieIdentity(
  tx: Tx,
  { userId, issuer, subject }: { userId: number; issuer: string; subject: string },
): Promise<void> {
  await tx`update users set oidc_issuer = ${issuer}, oidc_subject = ${subject} where id = ${userId}`;
}

/** Those of the names that a user or a team has. */
export async function takenNames(tx: Tx, names: readonly string[]): Promise<Set<string>> {
  const rows = await tx<{ name: string }[]>`
    select lower(name) as name from entities
    where lower(name) = any(${names.map((name) => name.toLowerCase())}::text[])`;
  return new Set(rows.map(({ name }) => name));
}
