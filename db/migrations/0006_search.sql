CREATE TABLE "search_events" (
	"sweep_id" text NOT NULL,
	"position" integer NOT NULL,
	"kind" text NOT NULL,
	"number" integer NOT NULL,
	"details" jsonb,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "search_events_sweep_id_position_pk" PRIMARY KEY("sweep_id","position")
);
--> statement-breakpoint
CREATE TABLE "searches" (
	"sweep_id" text PRIMARY KEY NOT NULL,
	"generation" integer NOT NULL,
	"log_length" integer DEFAULT 0 NOT NULL,
	"results" integer DEFAULT 0 NOT NULL,
	"foreigners" integer DEFAULT 0 NOT NULL,
	"spent" boolean DEFAULT false NOT NULL,
	"picked" text,
	"picked_why" text,
	"holder" text,
	"holder_until" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "suggestion" integer;--> statement-breakpoint
-- No version has written suggestions before this one.
DELETE FROM "suggestions";--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "point_hash" "bytea" NOT NULL;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "repeat" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "reason" text NOT NULL;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "seen" integer NOT NULL;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "acquisition_name" text;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "memory" jsonb;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "compute_ms" double precision;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "run_id" bigint;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "told" text DEFAULT 'proposed' NOT NULL;--> statement-breakpoint
ALTER TABLE "suggestions" ADD COLUMN "taken_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "search_events" ADD CONSTRAINT "search_events_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "searches" ADD CONSTRAINT "searches_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "suggestions_open_idx" ON "suggestions" USING btree ("sweep_id","state") WHERE told <> 'ended';--> statement-breakpoint
CREATE INDEX "suggestions_run_idx" ON "suggestions" USING btree ("run_id") WHERE run_id is not null;--> statement-breakpoint
ALTER TABLE "suggestions" DROP COLUMN "pending";