import { fileURLToPath } from "node:url";
import type { Piscina } from "piscina";
import type { Request, TaskName, Tasks } from "./protocol";

/**
 * Heavy numbers are computed in threads, so that the server answers meanwhile. One thread: what it remembers of a search
 * (its factor, its fit) makes the next proposal cheap, and a second one would have to learn it all again.
 */
export interface Pool {
  /** Starts the thread ahead of the first task. */
  warm(): Promise<void>;
  run<K extends TaskName>(
    task: K,
    request: Tasks[K]["request"],
    signal?: AbortSignal,
  ): Promise<Tasks[K]["answer"]>;
  /** Ends the thread, whatever it is at; what is asked of it from then on is refused. */
  close(): Promise<void>;
  readonly closed: boolean;
}

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));
const TSCONFIG = fileURLToPath(new URL("../../tsconfig.json", import.meta.url));

interface Thread {
  readonly pool: Piscina<Request>;
  /** Why it ended outside of any task: its code could not be read, its memory ran out. */
  failure?: unknown;
}

/**
 * The thread starts with the first task, within a second or two: most of that is spent on reading the code. One that ends by
 * itself is replaced with the next task.
 */
export function openPool(worker: string = WORKER): Pool {
  let opening: Promise<Thread> | undefined;
  let closed = false;
  const start = async (): Promise<Thread> => {
    const { Piscina } = await import("piscina");
    const pool = new Piscina<Request>({
      filename: worker,
      minThreads: 1,
      maxThreads: 1,
      // A thread reads TypeScript by the same loader as the process that starts it, which may have registered it itself.
      execArgv: ["--import", import.meta.resolve("tsx")],
      env: { ...process.env, TSX_TSCONFIG_PATH: TSCONFIG },
    });
    const thread: Thread = { pool };
    // An error that nobody listens to would end the whole process.
    pool.on("error", (error: unknown) => {
      if (thread.failure !== undefined) return;
      thread.failure = error;
      opening = undefined;
      void pool.destroy();
    });
    return thread;
  };
  return {
    async warm() {
      if (!closed) opening ??= start();
      await opening;
    },
    async run(task, request, signal) {
      if (closed) throw new Error(`the thread has ended: nobody computes "${task}"`);
      opening ??= start();
      const thread = await opening;
      try {
        return await thread.pool.run({ task, ...request } as Request, { signal });
      } catch (error) {
        throw thread.failure ?? error;
      }
    },
    async close() {
      closed = true;
      const thread = await opening;
      await thread?.pool.destroy();
    },
    get closed() {
      return closed;
    },
  };
}
