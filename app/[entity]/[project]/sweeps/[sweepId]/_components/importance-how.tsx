import type { ImportanceMethod } from "@/core/importance";

const HOW = {
  forest: (
    <>
      A random forest learns the metric from the parameters of the runs. <b>Share of the variation</b> is its
      functional ANOVA: how much of the metric's variance over the whole space a parameter explains by itself,
      with an interval that holds 90 % of what other samples of as many runs would say; <b>with all others</b>{" "}
      adds what it does in pairs.
    </>
  ),
  good: (
    <>
      PED-ANOVA compares where the best runs lie with where all of them lie. The{" "}
      <b>share of the difference</b> is how much of it a parameter makes: what matters once a run is good,
      which may be something else than what matters over the whole space. It says nothing of pairs.
    </>
  ),
  gp: (
    <>
      A Gaussian process learns the metric from the parameters of the runs, at most 1,000 of them.{" "}
      <b>Share of the variation</b> is its first-order Sobol index: how much of the metric's variance over the
      whole space a parameter explains by itself; <b>with all others</b> is its total index. It sees what
      parameters do only together from few runs on, where the forest needs hundreds.
    </>
  ),
} as const;

/** The method in a few sentences, where one asks for them. */
export function ImportanceHow({ method }: { method: ImportanceMethod }) {
  return (
    <details className="mt-1 text-ink-soft text-xs">
      <summary className="inline-flex min-h-6 items-center text-ink-faint underline decoration-dotted underline-offset-2 hover:text-ink">
        How this is computed
      </summary>
      <div className="mt-1 max-w-prose space-y-1.5">
        <p>{HOW[method]}</p>
        <p>
          {method === "forest" && (
            <>
              <b>Gain of splits</b> is what W&amp;B shows: it favours parameters with many values.{" "}
              <b>Loss when shuffled</b>: how much worse runs are foretold that the trees had not seen.{" "}
            </>
          )}
          <b>Correlation</b> is Pearson's, blind to whatever rises and falls again.
        </p>
      </div>
    </details>
  );
}
