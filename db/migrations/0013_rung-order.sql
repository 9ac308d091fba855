DROP INDEX "rungs_run_idx";--> statement-breakpoint
ALTER TABLE "rungs" ADD COLUMN "counts" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "rungs" ADD COLUMN "stopped" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "rungs_attempt_idx" ON "rungs" USING btree ("run_id","attempt","band");--> statement-breakpoint
-- Rungs of earlier attempts and of deleted runs are there already, and runs that were stopped early.
UPDATE "rungs" g SET "counts" = false
FROM "runs" r WHERE r.id = g.run_id AND (r.attempt <> g.attempt OR r.deleted_at IS NOT NULL);--> statement-breakpoint
UPDATE "rungs" g SET "stopped" = true
FROM "runs" r WHERE r.id = g.run_id AND r.attempt = g.attempt AND r.early_stop IS NOT NULL
	AND g.band = (SELECT max(l.band) FROM "rungs" l WHERE l.run_id = g.run_id AND l.attempt = g.attempt);--> statement-breakpoint
CREATE INDEX "rungs_value_idx" ON "rungs" USING btree ("sweep_id","band","value","run_id") WHERE counts;--> statement-breakpoint
CREATE INDEX "rungs_best_idx" ON "rungs" USING btree ("sweep_id","band","best","run_id") WHERE counts;--> statement-breakpoint
CREATE INDEX "rungs_stopped_idx" ON "rungs" USING btree ("sweep_id","band") WHERE counts and stopped;--> statement-breakpoint
CREATE INDEX "runs_open_idx" ON "runs" USING btree ("sweep_id") WHERE state = 'running' and stop_requested is null and deleted_at is null;--> statement-breakpoint
-- Attempts begin and runs are deleted in many places; what follows for their rungs stands here once. A first attempt has none yet.
-- (OR REPLACE: a restore drops tables, and makes them anew from the first migration on.)
CREATE OR REPLACE FUNCTION "rungs_follow_run"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE rungs SET counts = NOT counts
	WHERE run_id = NEW.id AND counts <> (attempt = NEW.attempt AND NEW.deleted_at IS NULL);
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER "runs_rungs" AFTER UPDATE OF "attempt", "deleted_at" ON "runs" FOR EACH ROW
	WHEN (NEW.sweep_id IS NOT NULL AND OLD.attempt > 0
		AND (OLD.attempt <> NEW.attempt OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at))
	EXECUTE FUNCTION "rungs_follow_run"();
