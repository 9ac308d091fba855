import Link from "next/link";
import { toModelWord } from "@/app/_lib/by-model";
import type { SweepHead } from "@/graphql/operations/pages";
import { formatUncertain } from "@/ui/format";

/** What the sweep's model makes of the best value: under noise it is often luck. */
export function ByModel(props: { head: SweepHead; bestId: string; projectPath: string }) {
  const word = toModelWord(props.head.bestByModel, props.bestId);
  if (word === undefined) return null;
  const { run, mean, sd, ofBest } = word;
  const expected = <span className="figures text-ink-soft">{formatUncertain(mean, sd)}</span>;
  return (
    <p className="wrap-anywhere mt-1.5 text-ink-faint text-sm">
      {run === undefined ? (
        <>Some of that is luck: run again, the model expects {expected}.</>
      ) : (
        <>
          The model holds{" "}
          <Link
            href={`${props.projectPath}/runs/${encodeURIComponent(run.name)}`}
            className="font-medium text-link underline-offset-2 hover:underline"
          >
            {run.displayName}
          </Link>{" "}
          for better: {expected} on average
          {ofBest && (
            <>
              , this one <span className="figures">{formatUncertain(ofBest.mean, ofBest.sd)}</span>
            </>
          )}
          .
        </>
      )}
    </p>
  );
}
