/** Of a list of sweeps, its head and its rows. On narrow pages a row is two columns wide, and its parts stand below each other. */
export const SWEEP_COLUMNS =
  "grid gap-x-5 grid-cols-[minmax(0,1fr)_auto] lg:grid-cols-[minmax(0,1.5fr)_6.5rem_minmax(0,1fr)_6rem_minmax(0,1.4fr)_6rem_3.5rem_2rem]";
