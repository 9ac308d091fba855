import { parseJson, sortKeys, stringifyJson, toKept, type ValueMap } from "@/core/value";
import type { Outcome, Prediction, Proposal, ProposalReason, Reached, SearchEvent } from "./method";

/**
 * An event as it stands in a log: words, numbers and JSON text only, so that it passes through a database or to another
 * thread unchanged. What a proposal proposed stands beside it.
 */
export interface LoggedEvent {
  readonly kind: string;
  readonly number: number;
  /** JSON: what the kind brings beside its number. Non-finite numbers are texts. */
  readonly details: string | null;
  readonly params?: string | null;
  readonly hash?: string | null;
  readonly repeat?: number | null;
  readonly reason?: string | null;
  readonly mean?: number | null;
  readonly sd?: number | null;
  readonly acquisition?: number | null;
  readonly acquisitionName?: string | null;
  /** JSON list of numbers. */
  readonly memory?: string | null;
}

type Number_ = number | string;
interface Details {
  objectives?: Number_[];
  metrics?: Record<string, Number_>;
  count?: number;
  value?: Number_;
  params?: string;
  keepsPoint?: boolean;
  haste?: number;
  reached?: { best: Number_[]; last: Number_[] };
}

export function toLogged(event: SearchEvent): LoggedEvent {
  const { number } = event;
  switch (event.type) {
    case "proposed":
      return { kind: "proposed", number, details: null, ...toLoggedProposal(event) };
    case "observed":
    case "pruned":
    case "prior": {
      const details: Details = { objectives: event.objectives.map(toText) };
      if (event.metrics !== undefined)
        details.metrics = Object.fromEntries(
          Object.entries(event.metrics).map(([name, x]) => [name, toText(x)]),
        );
      if (event.type === "pruned") details.count = event.count;
      if (event.type === "prior") details.params = stringifyJson(event.params);
      if (event.type === "observed") Object.assign(details, toLoggedReached(event));
      return { kind: event.type, number, details: JSON.stringify(details) };
    }
    case "intermediate":
      return {
        kind: "intermediate",
        number,
        details: JSON.stringify({
          count: event.count,
          value: toText(event.value),
          ...toLoggedReached(event),
        } satisfies Details),
      };
    case "failed":
      return {
        kind: "failed",
        number,
        details: event.reached ? JSON.stringify(toLoggedReached(event)) : null,
      };
    case "withdrawn":
    case "lost":
      return {
        kind: event.type,
        number,
        details: event.keepsPoint ? JSON.stringify({ keepsPoint: true }) : null,
      };
    default:
      return { kind: event.type, number, details: null };
  }
}

/** What a proposal is beside its number. JSON has no minus zero: what is kept has none either, or a replay would differ. */
export function toLoggedProposal(proposal: Proposal) {
  const { predicted } = proposal;
  return {
    params: stringifyJson(toKept(proposal.params)),
    hash: proposal.hash,
    repeat: proposal.repeat,
    reason: proposal.reason,
    mean: predicted && predicted.mean + 0,
    sd: predicted && predicted.sd + 0,
    acquisition: predicted && predicted.acquisition + 0,
    acquisitionName: predicted?.by ?? null,
    memory: proposal.memory === null ? null : JSON.stringify(proposal.memory),
  };
}

/** @throws RangeError naming the event that can't be read */
export function fromLogged(logged: LoggedEvent): SearchEvent {
  const { kind, number } = logged;
  const details: Details = logged.details === null ? {} : JSON.parse(logged.details);
  switch (kind) {
    case "proposed":
      return { type: "proposed", ...fromLoggedProposal(logged) };
    case "withdrawn":
    case "lost":
      return details.keepsPoint ? { type: kind, number, keepsPoint: true } : { type: kind, number };
    case "started":
      return { type: kind, number };
    case "failed":
      return { type: kind, number, ...toReached(details) };
    case "intermediate":
      return {
        type: kind,
        number,
        count: details.count ?? 0,
        value: fromText(details.value),
        ...toReached(details),
      };
    case "observed":
      return { type: kind, number, ...toOutcome(details), ...toReached(details) };
    case "pruned":
      return { type: kind, number, count: details.count ?? 0, ...toOutcome(details) };
    case "prior":
      return { type: kind, number, params: toParams(details.params), ...toOutcome(details) };
    default:
      throw new RangeError(`event ${number} is of an unknown kind: ${kind}`);
  }
}

/** What beside its point a replay has to know of a proposal: with which haste it was made. */
export const detailsOfHaste = (haste: number): string | null =>
  haste > 0 ? JSON.stringify({ haste } satisfies Details) : null;

export const hasteOf = ({ details }: LoggedEvent): number =>
  details === null ? 0 : ((JSON.parse(details) as Details).haste ?? 0);

export function fromLoggedProposal(logged: LoggedEvent): Proposal {
  const { number, hash, mean, sd, acquisition } = logged;
  if (hash == null) throw new RangeError(`proposal ${number} stands in the log without its point`);
  const predicted: Prediction | null =
    mean == null || sd == null || acquisition == null
      ? null
      : { mean, sd, acquisition, by: logged.acquisitionName ?? "" };
  return {
    number,
    params: toParams(logged.params),
    hash,
    repeat: logged.repeat ?? 0,
    reason: (logged.reason ?? "model") as ProposalReason,
    predicted,
    memory: logged.memory == null ? null : JSON.parse(logged.memory),
  };
}

/** The database forgets the order of names. */
const toParams = (text: string | null | undefined): ValueMap => sortKeys(parseJson(text ?? "{}")) as ValueMap;

function toOutcome({ objectives = [], metrics }: Details): Outcome {
  return {
    objectives: objectives.map(fromText),
    ...(metrics && {
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, x]) => [name, fromText(x)])),
    }),
  };
}

const toLoggedReached = ({ reached }: { reached?: Reached }): Pick<Details, "reached"> =>
  reached === undefined
    ? {}
    : { reached: { best: reached.best.map(toText), last: reached.last.map(toText) } };

const toReached = ({ reached }: Details): { reached?: Reached } =>
  reached === undefined
    ? {}
    : { reached: { best: reached.best.map(fromText), last: reached.last.map(fromText) } };

const toText = (x: number): Number_ => (Number.isFinite(x) ? x : String(x));
const fromText = (x: Number_ | undefined): number => Number(x ?? Number.NaN);
