/** Neither taken back nor over. */
export const isLiving = (
  { revokedAt, expiresAt }: { revokedAt: string | null; expiresAt: string | null },
  nowMs: number,
): boolean => revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > nowMs);

const DAY_MS = 86_400_000;

/** For an input: so many days from now; undefined for no end. */
export const daysFromNow = (days: string, nowMs: number): string | undefined =>
  days === "" ? undefined : new Date(nowMs + Number(days) * DAY_MS).toISOString();
