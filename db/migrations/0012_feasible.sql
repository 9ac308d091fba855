ALTER TABLE "runs" ADD COLUMN "feasible" boolean;--> statement-breakpoint
ALTER TABLE "sweeps" ADD COLUMN "constrained" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "sweeps" ADD COLUMN "unjudged" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "runs_sweep_feasible_idx" ON "runs" USING btree ("sweep_id","objective") WHERE feasible and objective is not null and deleted_at is null;--> statement-breakpoint
-- Sweeps with constraints on metrics are there already; their bounds are no SQL, so the server judges what has ended.
UPDATE "sweeps" s SET "constrained" = true, "unjudged" = true
FROM "sweep_generations" g
WHERE g.sweep_id = s.id AND g.generation = s.generation
	AND jsonb_typeof(g.config->'softConstraints') = 'array' AND g.config->'softConstraints' <> '[]';
