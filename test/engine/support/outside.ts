import { gridOf } from "./house";

/** A grid of three points that a controller of somebody's own chooses. */
export const local = (extra: object = {}) => gridOf(3, { controller: { type: "local" }, ...extra });
/** A point of it, as JSON text. */
export const at = (x: number): string => JSON.stringify({ fixed: 1.5, x });
/** One thing that its controller schedules; null says that it has nothing more. */
export const entry = (id: string, x: number | null) => ({
  id,
  params: x === null ? null : { x, fixed: 1.5 },
});
/** All that it says at once. */
export const wish = (sweepId: string, schedule: ReturnType<typeof entry>[], stop: string[] = []) => ({
  ...{ sweepId, schedule, stop },
  said: JSON.stringify({ schedule: schedule.map(({ id }) => ({ id })), earlystop: stop }),
});
