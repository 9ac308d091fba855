/**
 * Which place in the palette each of the series has: one that stays keeps its place, a new one takes the first that is
 * free. So a run keeps its colour while others come and go.
 */
export function assignSlots(
  before: ReadonlyMap<string, number>,
  keys: readonly string[],
): ReadonlyMap<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const key of keys) {
    const slot = before.get(key);
    if (slot === undefined || taken.has(slot)) continue;
    slots.set(key, slot);
    taken.add(slot);
  }
  let free = 0;
  for (const key of keys) {
    if (slots.has(key)) continue;
    while (taken.has(free)) free++;
    slots.set(key, free);
    taken.add(free);
  }
  const same = slots.size === before.size && [...slots].every(([key, slot]) => before.get(key) === slot);
  return same ? before : slots;
}
