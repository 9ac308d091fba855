CREATE TABLE "prior_runs" (
	"sweep_id" text NOT NULL,
	"number" integer NOT NULL,
	"run_id" bigint NOT NULL,
	"point_hash" "bytea" NOT NULL,
	"repeat" integer NOT NULL,
	"details" jsonb NOT NULL,
	CONSTRAINT "prior_runs_sweep_id_number_pk" PRIMARY KEY("sweep_id","number")
);
--> statement-breakpoint
ALTER TABLE "sweeps" ADD COLUMN "priors" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "prior_runs" ADD CONSTRAINT "prior_runs_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "prior_runs_point_idx" ON "prior_runs" USING btree ("sweep_id","point_hash");