import { cpus, hostname, release, totalmem, type, userInfo } from "node:os";
import type { AttemptFacts } from "@/graphql/operations";
import { Repository } from "./git";
import { Interpreters } from "./interpreter";
import { type Gpu, listGpus } from "./nvidia";

type Env = Readonly<Record<string, string | undefined>>;

const MAX_ARGV = 8_000;

/** What there is to say about the runs of this machine. Everything is found out once, when the first run asks. */
export class Machine {
  private readonly repository: Repository;
  private readonly interpreters: Interpreters;
  private found: Promise<readonly Gpu[]> | undefined;

  constructor(
    private readonly cwd: string,
    private readonly env: Env,
    { withDiff = true }: { withDiff?: boolean } = {},
  ) {
    this.repository = new Repository(cwd, env, withDiff);
    this.interpreters = new Interpreters(cwd, env);
  }

  /** The cards of this machine, if it has any that nvidia-smi tells of. */
  gpus(): Promise<readonly Gpu[]> {
    this.found ??= listGpus(this.env).then((gpus) => gpus ?? []);
    return this.found;
  }

  /** Of a command, as it was started and as it may be shown: without the values of environment variables. */
  async describe(
    argv: readonly string[],
    shown: readonly string[],
  ): Promise<{ facts: AttemptFacts; diff?: string }> {
    const [git, runtime, gpus] = await Promise.all([
      this.repository.read(),
      this.interpreters.of(argv),
      this.gpus(),
    ]);
    const [cpu] = cpus();
    return {
      facts: {
        argv: cutArgv(shown),
        cwd: this.cwd,
        host: hostname(),
        ...nameUser(),
        os: `${type()} ${release()}`,
        cpu: { count: cpus().length, ...(cpu && { model: cpu.model.trim() }) },
        memoryBytes: totalmem(),
        ...runtime,
        ...(git && { git: git.facts }),
        ...(gpus.length > 0 && {
          gpus: gpus.map(({ index, name, memoryBytes }) => ({
            index,
            name,
            ...(memoryBytes !== undefined && { memoryBytes }),
          })),
        }),
      },
      ...(git?.diff !== undefined && { diff: git.diff }),
    };
  }
}

/** Parameters may have a megabyte, and stand in the run. */
function cutArgv(argv: readonly string[]): string[] {
  let room = MAX_ARGV;
  return argv.flatMap((word) => {
    if (room <= 0) return [];
    const kept = word.length <= room ? word : `${word.slice(0, room)}…`;
    room -= word.length + 4;
    return [kept];
  });
}

/** A container may run as a number without a name. */
function nameUser(): { user?: string } {
  try {
    return { user: userInfo().username };
  } catch {
    return {};
  }
}
