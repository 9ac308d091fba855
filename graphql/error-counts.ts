/** Errors that were answered, by their code (a closed list), since the process started: for /metrics. */
const counts = new Map<string, number>();

export const countError = (code: string): void => void counts.set(code, (counts.get(code) ?? 0) + 1);

export const errorCounts = (): ReadonlyMap<string, number> => counts;
