import { bandsOf, MAX_BAND, type Schedule, scheduleOf } from "@/core/history/bands";
import type { Asha, EarlyTerminate, Hyperband, Patience } from "@/core/sweep-config";

/** Where a rule looks at runs; the `rung` rows stand there. Patience looks at each value, and needs no bands. */
export function scheduleFor(rule: Exclude<EarlyTerminate, Patience>): Schedule {
  switch (rule.type) {
    case "hyperband":
      return scheduleOf(bandsOf(rule));
    case "asha":
      return scheduleOf(ashaBands(rule), rule.by);
    case "wilcoxon":
    case "funnel":
      // What comes before the grace stops nobody. It is paired all the same, or shows how a run has got on.
      return everySoMany(rule.grace % rule.every, rule.every);
    default:
      return everySoMany(rule.grace, rule.every);
  }
}

function ashaBands({ bands, minIter, eta, grace }: Asha): number[] {
  const all = bands ?? (minIter === undefined ? [] : bandsOf(toHyperband(minIter, eta)));
  return all.filter((band) => band >= grace && band <= MAX_BAND);
}

const toHyperband = (minIter: number, eta: number): Hyperband => ({
  type: "hyperband",
  minIter,
  eta,
  strict: true,
});

/** As many looks are as frequent as asked for; then each doubling of the length halves their frequency. */
const FREQUENT_LOOKS = 256;

/**
 * At `first` and every so many values behind it; from `every` on where `first` is 0. Each look is a row that others
 * are compared with, so a long run thins them out: 1,000,000 values with `every: 1` are 1,792 looks. All runs look at the same
 * places.
 */
function everySoMany(first: number, every: number): Schedule {
  return {
    by: "count",
    after(position) {
      const least = Math.max(position + 1, 1);
      let look = Math.max(first > 0 ? 0 : 1, Math.ceil((least - first) / every));
      if (look >= FREQUENT_LOOKS) {
        const gap = 2 ** (Math.floor(Math.log2(look / FREQUENT_LOOKS)) + 1);
        look = Math.ceil(look / gap) * gap;
      }
      const band = first + look * every;
      return band <= MAX_BAND ? band : undefined;
    },
  };
}
