import type { Verdict } from "@/core/stopping";
import type { Goal } from "@/core/sweep";
import { countsItself, type FieldRule, placeOf, valueBetween, verdictOf } from "./place";
import { SortedValues } from "./sorted-values";

/** What all runs that came to a band are compared by, the best first, kept in memory as they come. */
export class Standing {
  /** Rising; negated where more is better. */
  readonly #values = new SortedValues();
  readonly #sign: 1 | -1;

  constructor(
    private readonly rule: FieldRule,
    private readonly goal: Goal,
    private readonly band: number,
  ) {
    this.#sign = goal === "minimize" ? 1 : -1;
  }

  get count(): number {
    return this.#values.count;
  }

  add(value: number): void {
    this.#values.add(this.#sign * value);
  }

  /** The threshold for those that are judged among all, themselves with them; null where nobody is stopped. */
  threshold(): number | null {
    const place = placeOf(this.rule, this.band, { others: this.count - 1, gone: 0 });
    return place === null ? null : this.#at(place, (whole) => whole);
  }

  /**
   * What the rule says of one of those that came.
   * @param own the number by which it stands here
   * @param value what it is judged by, where that is another one
   * @param before what it stood by after half as many values, where that is known
   */
  judge(own: number, gone: number, value = own, before: number | null = null): Verdict {
    const { rule, goal, band } = this;
    const crowd = { others: this.count - 1, gone };
    const place = placeOf(rule, band, crowd);
    const [mine, better] = [this.#values.below(this.#sign * own), this.#values.below(this.#sign * value)];
    // Without itself, those from its own place on move up by one.
    const skip = countsItself(rule)
      ? (whole: number) => whole
      : (whole: number) => whole + Number(whole >= mine);
    const threshold = place === null ? null : this.#at(place, skip);
    return verdictOf(rule, goal, band, crowd, { value, threshold, better, before });
  }

  #at(place: number, toPlace: (whole: number) => number): number {
    const below = Math.floor(place);
    const low = this.#values.at(toPlace(below));
    const high = below === place ? low : this.#values.at(toPlace(below + 1));
    // A negated zero is no other threshold.
    return this.#sign * valueBetween(place, low, high) + 0;
  }
}
