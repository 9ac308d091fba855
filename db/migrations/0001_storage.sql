-- Rows that are updated with each heartbeat or batch: room on the page keeps those updates in place (HOT), so that
-- no index is touched, and dead versions are cleared while they are few. Drizzle has no words for this.
ALTER TABLE "attempts" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "runs" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "agents" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 100, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "metric_summaries" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "sweeps" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "liveness" SET (fillfactor = 10, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
-- A queue: each batch comes as a row and goes when it is merged.
ALTER TABLE "metric_tails" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
-- Blocks are packed by us already: the server's own compression would find nothing and cost the most of an insert.
-- A tail stays in its row where a page can hold it (a batch of 400 points is 3 kB), as it lives for seconds only.
ALTER TABLE "metric_tails" ALTER COLUMN "block" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "metric_tails" SET (toast_tuple_target = 8160);--> statement-breakpoint
ALTER TABLE "metric_axes" ALTER COLUMN "block" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "metric_values" ALTER COLUMN "block" SET STORAGE EXTERNAL;
