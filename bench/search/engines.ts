import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Problem, Search, SearchMethod } from "@/compute/search/method";
import { methodOf, pickMethod } from "@/compute/search/methods";
import { type Conversation, converse, PeerGone } from "./conversation";
import { openPeer } from "./peer";
import { CACHE, type Environment, pinnedVersion, pythonOf } from "./python";
import { OUR_METHODS } from "./task";

/** Who searches: a method of ours, or another project's engine behind its Python interface. */
export interface Engine {
  /** As `--engine` and the files of results have it. */
  readonly name: string;
  /** For people. */
  readonly label: string;
  readonly version: string;
  readonly isOurs: boolean;
  /** Whether its proposals come from our model, which then can be asked for the winner, too. */
  readonly hasModel: boolean;
  /** Where its packages are; null for ours. */
  readonly environment: Environment | null;
  /** @throws Error when it can't be installed or started */
  open(problem: Problem, world: { seed: number; evaluations: number; agents: number }): Search;
  /** Seconds of processor time spent for its searches, ever. */
  cpu(): number;
  close(): void;
}

export function openEngines(say: (message: string) => void): Engine[] {
  const peers: Peer[] = [
    {
      name: "optuna-tpe",
      label: "Optuna TPE",
      program: ["optuna_engine.py", "tpe"],
      environment: "main",
      packageName: "optuna",
    },
    {
      name: "optuna-gp",
      label: "Optuna GPSampler",
      program: ["optuna_engine.py", "gp"],
      environment: "main",
      packageName: "optuna",
    },
    {
      name: "wandb",
      label: "W&B bayes",
      program: ["wandb_engine.py"],
      environment: "main",
      packageName: "sweeps",
    },
    { name: "smac", label: "SMAC3", program: ["smac_engine.py"], environment: "main", packageName: "smac" },
    { name: "hebo", label: "HEBO", program: ["hebo_engine.py"], environment: "hebo", packageName: "hebo" },
  ];
  return [...OUR_METHODS.map(openOurs), ...peers.map((peer) => openOther(peer, say))];
}

function openOurs(name: string): Engine {
  // What `auto` picks has a version of its own, but nearly always it is bayes.
  const { version } = methodOf(name === "auto" ? "bayes" : name);
  const methodFor = (problem: Problem): SearchMethod =>
    name === "auto" ? pickMethod(problem).method : methodOf(name);
  const spent = { seconds: 0 };
  return {
    name,
    label: `Besom ${name}`,
    version,
    isOurs: true,
    hasModel: name === "bayes" || name === "auto",
    environment: null,
    open: (problem) => timed(methodFor(problem).open(problem), spent),
    cpu: () => spent.seconds,
    close() {},
  };
}

function timed(search: Search, spent: { seconds: number }): Search {
  const during = <T>(work: () => T): T => {
    const before = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    spent.seconds += (user + system) / 1e6;
    return result;
  };
  return {
    observe: (event) => during(() => search.observe(event)),
    propose: (count) => during(() => search.propose(count)),
    snapshot: () => search.snapshot(),
  };
}

interface Peer {
  readonly name: string;
  readonly label: string;
  readonly program: readonly [file: string, ...args: string[]];
  readonly environment: Environment;
  /** Whose version is the engine's. */
  readonly packageName: string;
}

/** One program serves search after search, since some take seconds to begin; one that has ended is started again. */
function openOther(
  { name, label, program: [file, ...args], environment, packageName }: Peer,
  say: (message: string) => void,
): Engine {
  let conversation: Conversation | undefined;
  let spentBefore = 0;
  const close = (): void => {
    spentBefore += conversation?.cpu ?? 0;
    conversation?.close();
    conversation = undefined;
  };
  return {
    name,
    label,
    version: pinnedVersion(environment, packageName),
    isOurs: false,
    hasModel: false,
    environment,
    open(problem, world) {
      const python = pythonOf(environment, say);
      mkdirSync(CACHE, { recursive: true });
      conversation ??= converse(
        python,
        [join(import.meta.dirname, "peers", file), ...args],
        join(CACHE, `${name}.log`),
      );
      try {
        return openPeer(conversation, problem, world);
      } catch (error) {
        if (error instanceof PeerGone) close();
        throw error;
      }
    },
    cpu: () => spentBefore + (conversation?.cpu ?? 0),
    close,
  };
}
