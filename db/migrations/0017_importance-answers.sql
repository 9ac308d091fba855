CREATE TABLE "importance_answers" (
	"sweep_id" text NOT NULL,
	"question" "bytea" NOT NULL,
	"version" text,
	"digest" "bytea",
	"engine" integer,
	"answer" text,
	"computed_at" timestamp (3) with time zone,
	"holder" text,
	"holder_until" timestamp (3) with time zone,
	CONSTRAINT "importance_answers_sweep_id_question_pk" PRIMARY KEY("sweep_id","question")
);
--> statement-breakpoint
ALTER TABLE "importance_answers" ADD CONSTRAINT "importance_answers_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;