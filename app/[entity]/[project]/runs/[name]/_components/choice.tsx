import type { RunHead } from "@/graphql/operations/run-page";
import { formatNumber, plural } from "@/ui/format";

type Suggestion = NonNullable<RunHead["suggestion"]>;

const REASONS: Readonly<Record<string, string>> = {
  design: "One of the first configurations, which fill the space before there is a model.",
  enumerated: "The space is small enough to be run through: this one's turn had come.",
  replicate: "Another repeat of a configuration, as the sweep's file asks.",
  enqueued: "Somebody chose it: it was put into the sweep's queue.",
  random: "A new place at random: nothing that the model rated was left to try.",
  fallback: "A point that fills the space: the model's next one was not ready when the agent asked.",
};

/** Why the search chose this configuration, and what it expected of it beside what came. */
export function Choice({
  suggestion,
  metric,
  objective,
}: {
  suggestion: Suggestion;
  metric: string;
  objective: number | null;
}) {
  const { reason, observed, mean, sd, engine } = suggestion;
  const isPredicted = mean !== null && sd !== null;
  return (
    <p id="choice" className="mt-3 text-ink-soft text-sm leading-5" title={engine}>
      <b className="font-semibold">Why this point: </b>
      {reason === "model"
        ? `The model's choice after ${plural(observed, "result")}.`
        : (REASONS[reason] ?? `${reason}.`)}
      {isPredicted && (
        <>
          {" "}
          It expected {metric} <span className="figures">{formatNumber(mean, 4)}</span> ±{" "}
          <span className="figures">{formatNumber(sd, 2)}</span>
          {objective !== null && (
            <>
              ; the run came to <span className="figures">{formatNumber(objective, 4)}</span>
            </>
          )}
          .
        </>
      )}
    </p>
  );
}
