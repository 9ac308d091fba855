/** What the charts of a page point at; the charts themselves are in a room below. */
export { createPointedStore, type Pointed, type PointedStore, usePointed } from "@/ui/charts/draw/pointed";
