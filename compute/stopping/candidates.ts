/**
 * Rules to ask a finished sweep about, as a sweep file would have them: the usual settings, first looked at after a tenth of a whole
 * run (earlier, on the recorded curves of bench/stopping.ts, three to four times as many of the best runs were lost).
 * @param length values of a whole run, from 1
 */
export function candidateRules(length: number): Readonly<Record<string, string | number>>[] {
  const tenth = Math.max(1, Math.ceil(length / 10));
  return [
    { type: "hyperband", min_iter: tenth, eta: 3 },
    { type: "asha", min_iter: tenth, eta: 3 },
    { type: "median", grace: tenth },
    { type: "percentile", percent: 60, grace: tenth },
    { type: "percentile", percent: 25, grace: tenth },
    { type: "funnel", grace: tenth },
    { type: "funnel", percent: 50, grace: tenth },
    { type: "patience", patience: 2 * tenth, grace: tenth },
    { type: "wilcoxon" },
  ];
}
