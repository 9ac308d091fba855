CREATE TABLE "fronts" (
	"sweep_id" text PRIMARY KEY NOT NULL,
	"runs" integer DEFAULT 0 NOT NULL,
	"id_sum" numeric(1000, 0) DEFAULT '0' NOT NULL,
	"last_at" timestamp (3) with time zone,
	"last_id" bigint,
	"barren" integer DEFAULT 0 NOT NULL,
	"members" jsonb DEFAULT '[]' NOT NULL,
	"reference" jsonb,
	"hypervolume" double precision
);
--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "improvement" double precision;--> statement-breakpoint
ALTER TABLE "sweeps" ADD COLUMN "least_improvement" double precision;--> statement-breakpoint
ALTER TABLE "sweeps" ADD COLUMN "metrics" jsonb;--> statement-breakpoint
ALTER TABLE "sweeps" ADD COLUMN "targets" jsonb;--> statement-breakpoint
ALTER TABLE "fronts" ADD CONSTRAINT "fronts_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- Sweeps with several metrics are there already.
UPDATE "sweeps" s SET "metrics" = (
	SELECT jsonb_agg(jsonb_build_object('name', m->>'name', 'goal', m->>'goal') ORDER BY place)
	FROM jsonb_array_elements(g.config->'metrics') WITH ORDINALITY AS t(m, place)
) FROM "sweep_generations" g
WHERE g.sweep_id = s.id AND g.generation = s.generation AND jsonb_typeof(g.config->'metrics') = 'array';
