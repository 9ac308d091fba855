ALTER TABLE "saved_views" DROP COLUMN "state";--> statement-breakpoint
ALTER TABLE "saved_views" ADD COLUMN "sweep_id" text;--> statement-breakpoint
ALTER TABLE "saved_views" ADD COLUMN "search" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "saved_views" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "saved_views_name_key" ON "saved_views" USING btree ("project_id",coalesce(sweep_id, ''),"name");
