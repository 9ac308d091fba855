/**
 * Rules to ask a finished sweep about, as a sweep file would have them: the usual settings for runs of this length, so that
 * hyperband and asha have three bands and the others a tenth of a run of grace.
 * @param length values of a whole run, from 1
 */
export function candidateRules(length: number): Readonly<Record<string, string | number>>[] {
  const tenth = Math.max(1, Math.ceil(length / 10));
  const first = Math.max(1, Math.floor(length / 27));
  const fifth = Math.max(1, Math.ceil(length / 5));
  return [
    { type: "hyperband", min_iter: first, eta: 3 },
    { type: "asha", min_iter: first, eta: 3 },
    { type: "asha", min_iter: first, eta: 4 },
    { type: "median", grace: tenth },
    { type: "percentile", percent: 25, grace: tenth },
    { type: "patience", patience: fifth, grace: tenth },
    { type: "wilcoxon" },
  ];
}
