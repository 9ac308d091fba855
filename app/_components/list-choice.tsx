"use client";

import { useRouter } from "next/navigation";
import { withoutBase } from "@/app/_lib/base";
import { BareSelect, type Choice } from "@/ui/kit/select";

/** One setting of a list that the server draws: it stands in the address under `name`, unless it is the usual one. */
export function ListChoice(props: {
  name: string;
  label: string;
  value: string;
  /** The first one is the usual one. */
  choices: readonly Choice[];
}) {
  const { name, label, value, choices } = props;
  const router = useRouter();
  const choose = (next: string) => {
    const search = new URLSearchParams(location.search);
    if (next === choices[0]?.value) search.delete(name);
    else search.set(name, next);
    search.delete("show");
    router.push(`${withoutBase(location.pathname)}${search.size > 0 ? `?${search}` : ""}`, { scroll: false });
  };
  return (
    <BareSelect
      className="text-sm"
      label={label}
      value={value}
      choices={choices}
      onChange={(event) => choose(event.target.value)}
    />
  );
}
