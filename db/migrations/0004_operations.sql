CREATE TABLE "chores" (
	"name" text PRIMARY KEY NOT NULL,
	"position" bigint DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "projects" DROP CONSTRAINT "projects_entity_name_key";--> statement-breakpoint
ALTER TABLE "metric_summaries" DROP CONSTRAINT "metric_summaries_metric_id_metrics_id_fk";
--> statement-breakpoint
ALTER TABLE "metric_values" DROP CONSTRAINT "metric_values_metric_id_metrics_id_fk";
--> statement-breakpoint
ALTER TABLE "attempts" DROP CONSTRAINT "attempts_agent_id_agents_id_fk";
--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "deleted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "purged_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "rungs_run_idx" ON "rungs" USING btree ("run_id");--> statement-breakpoint
CREATE UNIQUE INDEX "projects_entity_name_key" ON "projects" USING btree ("entity_id","name") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "runs_sweep_objective_idx" ON "runs" USING btree ("sweep_id","objective") WHERE objective is not null and deleted_at is null;