import type { RunState } from "@/core/run";
import type { SweepState } from "@/core/sweep";
import { toDocument } from "./document";

/** What the command palette asks at each key: names and places only. */

interface ProjectPlace {
  name: string;
  entity: { name: string };
}

export interface Findings {
  projects: ({ id: string } & ProjectPlace)[];
  sweeps: { id: string; name: string; state: SweepState; method: string; project: ProjectPlace }[];
  runs: { id: string; name: string; displayName: string; state: RunState; project: ProjectPlace }[];
}

export const Search = toDocument<{ search: Findings }, { text: string }>(/* GraphQL */ `
  query Search($text: String!) {
    search(text: $text) {
      projects { id name entity { name } }
      sweeps { id name state method project { name entity { name } } }
      runs { id name displayName state project { name entity { name } } }
    }
  }
`);
