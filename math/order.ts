/** For `sort`: rising, and infinities are equal to themselves, which a difference makes NaN. */
export const compareNumbers = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
