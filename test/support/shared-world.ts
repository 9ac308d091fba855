import { afterAll, beforeAll } from "vitest";
import { type World, withWorld } from "./world";

/**
 * One world for all tests of a file: starting another takes seconds. It is filled before the first test; a test that kills the
 * server starts it again.
 *
 * @param options.when false where nothing of the file can run
 */
export function sharedWorld({ when = true, servers = 1 } = {}): World {
  const world = {} as World;
  let leave = () => {};
  let over: Promise<void> | undefined;
  beforeAll(async () => {
    if (!when) return;
    await new Promise<void>((ready, fail) => {
      over = withWorld({ servers }, (started) => {
        Object.assign(world, started);
        ready();
        return new Promise((resolve) => {
          leave = resolve;
        });
      });
      over.catch(fail);
    });
  });
  afterAll(async () => {
    leave();
    await over;
  });
  return world;
}
