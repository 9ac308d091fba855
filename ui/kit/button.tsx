import type { ButtonHTMLAttributes } from "react";

type Weight = "solid" | "line" | "danger" | "bare";

const WEIGHTS: Readonly<Record<Weight, string>> = {
  solid: "bg-ink text-paper border-ink hover:bg-ink-soft hover:border-ink-soft",
  line: "bg-surface text-ink border-line-strong hover:bg-sunken",
  danger: "bg-surface text-bad border-bad-mark hover:bg-bad-wash",
  bare: "bg-transparent text-ink-soft border-transparent hover:bg-sunken hover:text-ink",
};

/** Also for links that look like buttons. */
export const buttonLook = (weight: Weight): string =>
  `inline-flex h-8 items-center justify-center gap-1.5 whitespace-nowrap rounded-md border px-2.5 font-medium sm:px-3 text-sm transition-colors disabled:opacity-55 motion-reduce:transition-none ${WEIGHTS[weight]}`;

/** 32 px high, so that fingers hit it; the label says what happens, not "OK". */
export function Button({
  weight = "line",
  className = "",
  type = "button",
  ...props
}: ButtonHTMLAttributes<HTMLButtonElement> & { weight?: Weight }) {
  return <button type={type} className={`${buttonLook(weight)} ${className}`} {...props} />;
}
