ALTER TABLE "output_chunks" DROP CONSTRAINT "output_chunks_run_id_attempt_batch_stream_pk";--> statement-breakpoint
ALTER TABLE "output_chunks" ADD COLUMN "piece" integer NOT NULL;--> statement-breakpoint
ALTER TABLE "output_chunks" ADD CONSTRAINT "output_chunks_run_id_attempt_batch_piece_pk" PRIMARY KEY("run_id","attempt","batch","piece");--> statement-breakpoint
ALTER TABLE "metric_values" ADD COLUMN "non_finite" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "metric_values" ADD COLUMN "others" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "metric_values" ADD COLUMN "first" double precision;--> statement-breakpoint
ALTER TABLE "metric_values" ADD COLUMN "first_step" bigint;--> statement-breakpoint
ALTER TABLE "metric_values" ADD COLUMN "last" double precision;--> statement-breakpoint
ALTER TABLE "metric_values" ADD COLUMN "last_step" bigint;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "overtaken_at_step" bigint;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "output_bytes" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "attempts_tails_idx" ON "attempts" USING btree ("run_id") WHERE tails > 0;--> statement-breakpoint
-- Blocks are packed by us already: the server's own compression would find nothing and cost the most of an insert.
-- A tail stays in its row where a page can hold it (a batch of 400 points is 3 kB), as it lives for seconds only.
ALTER TABLE "metric_tails" ALTER COLUMN "block" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "metric_tails" SET (toast_tuple_target = 8160);--> statement-breakpoint
ALTER TABLE "metric_axes" ALTER COLUMN "block" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "metric_values" ALTER COLUMN "block" SET STORAGE EXTERNAL;--> statement-breakpoint
-- Updated in place with every batch: room on the page keeps the new version there, without touching the index.
ALTER TABLE "metric_summaries" SET (fillfactor = 60);
