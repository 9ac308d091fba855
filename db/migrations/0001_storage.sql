-- Rows that are updated with each heartbeat or batch: room on the page keeps those updates in place (HOT), so that
-- no index is touched, and dead versions are cleared while they are few. Drizzle has no words for this.
ALTER TABLE "attempts" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "runs" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "agents" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 100, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "metric_summaries" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "sweeps" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
ALTER TABLE "liveness" SET (fillfactor = 10, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_cost_delay = 0);--> statement-breakpoint
-- A queue: each batch comes as a row and goes when it is merged.
ALTER TABLE "metric_tails" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
