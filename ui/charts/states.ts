import type { RunState } from "@/core/run";

/** How a state of runs looks, on every chart: by shape, by colour and by dash, so that each of them says it alone. */
export interface StateLook {
  readonly state: RunState;
  /** Of `ui/tokens.css`, without its dashes. */
  readonly token: string;
  /** Of a dot, by `toSymbol`. */
  readonly symbol: number;
  /** Of a line, as an SVG dash array. */
  readonly dash: string;
  /** Of a bar. */
  readonly texture: "solid" | "diagonal" | "cross" | "dots" | "lines" | "hollow";
}

/** In the order of painting: what ended well lies on top. Symbols are those of the chips where a dot can have their shape. */
export const STATE_LOOKS: readonly StateLook[] = [
  { state: "pending", token: "quiet-mark", symbol: 4, dash: "1 3", texture: "solid" },
  { state: "preempted", token: "quiet-mark", symbol: 6, dash: "4 2", texture: "lines" },
  { state: "preempting", token: "running-mark", symbol: 6, dash: "4 2", texture: "lines" },
  { state: "killed", token: "quiet-mark", symbol: 1, dash: "9 3 2 3", texture: "hollow" },
  { state: "failed", token: "bad-mark", symbol: 5, dash: "7 3", texture: "diagonal" },
  { state: "crashed", token: "crash-mark", symbol: 2, dash: "2 3", texture: "cross" },
  { state: "running", token: "running-mark", symbol: 3, dash: "12 4", texture: "dots" },
  { state: "finished", token: "good-mark", symbol: 0, dash: "none", texture: "solid" },
];

const PLACES = new Map<string, number>(STATE_LOOKS.map(({ state }, i) => [state, i]));

/** Its place in `STATE_LOOKS`. */
export const stateIndex = (state: string): number => PLACES.get(state) ?? 0;

export const stateLook = (state: string): StateLook =>
  STATE_LOOKS[stateIndex(state)] ?? (STATE_LOOKS[0] as StateLook);
