"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Verb } from "@/graphql/operations/accounts";
import { type Refusal, readFailure, toRefusal } from "./refusal";
import { request } from "./request";
import { toSignInHere } from "./sign-in-here";

export interface UsedVerb<Input, Answer> {
  /** Under way: the button that asks again is disabled. */
  busy: boolean;
  /** What the server says about one field of the form. */
  errorOf(field: string): string | undefined;
  /** What it says about none of the fields that are shown. */
  rest: string | undefined;
  /** @returns what it brought; undefined when it was refused, which `errorOf` and `rest` then tell */
  run(input: Input): Promise<Answer | undefined>;
  forget(): void;
}

/** One mutation of a form. After it the page's server-rendered lists are drawn anew. */
export function useVerb<Input, Answer>(
  verb: Verb<Input, Answer>,
  fields: readonly string[] = [],
): UsedVerb<Input, Answer> {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const isShown = refusal?.field !== undefined && fields.includes(refusal.field);

  const run = async (input: Input): Promise<Answer | undefined> => {
    setBusy(true);
    setRefusal(undefined);
    try {
      const { done } = await request(verb, { input });
      if (done.error) {
        setRefusal(readFailure(done.error));
        return undefined;
      }
      router.refresh();
      return done;
    } catch (error) {
      const why = toRefusal(error);
      if (why.code === "UNAUTHENTICATED") location.assign(toSignInHere());
      setRefusal(why);
      return undefined;
    } finally {
      setBusy(false);
    }
  };

  return {
    busy,
    errorOf: (field) => (isShown && refusal.field === field ? refusal.message : undefined),
    rest: isShown ? undefined : refusal?.message,
    run,
    forget: () => setRefusal(undefined),
  };
}
