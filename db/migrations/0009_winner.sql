ALTER TABLE "searches" ADD COLUMN "winner" jsonb;--> statement-breakpoint
ALTER TABLE "searches" ADD COLUMN "winner_results" integer DEFAULT 0 NOT NULL;