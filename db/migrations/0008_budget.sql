ALTER TABLE "sweeps" ADD COLUMN "budget_hours" double precision;--> statement-breakpoint
ALTER TABLE "sweeps" ADD COLUMN "no_improvement" integer;