CREATE TABLE "run_files" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "run_files_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" bigint NOT NULL,
	"name" text NOT NULL,
	"place" text,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"md5" text,
	"mime_type" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "run_files_run_name_key" UNIQUE("run_id","name")
);
--> statement-breakpoint
CREATE TABLE "run_records" (
	"run_id" bigint PRIMARY KEY NOT NULL,
	"config" jsonb DEFAULT '{}' NOT NULL,
	"summary" jsonb DEFAULT '{}' NOT NULL,
	"group_name" text,
	"job_type" text,
	"program" text,
	"host" text,
	"commit" text,
	"repo" text,
	"event_lines" bigint DEFAULT 0 NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "wire_agents" (
	"agent_id" integer PRIMARY KEY NOT NULL,
	"kind" text
);
--> statement-breakpoint
CREATE TABLE "wire_attempts" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"agent_id" integer NOT NULL,
	"wire_name" text NOT NULL,
	"sent" integer DEFAULT 1 NOT NULL,
	"seen" boolean DEFAULT false NOT NULL,
	"stop_heard_at" timestamp (3) with time zone,
	CONSTRAINT "wire_attempts_run_id_attempt_pk" PRIMARY KEY("run_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "wire_sweeps" (
	"sweep_id" text PRIMARY KEY NOT NULL,
	"key_id" integer,
	"input_hash" "bytea" NOT NULL,
	"description" text,
	"controller" jsonb,
	"scheduler" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "history_lines" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "output_lines" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "run_files" ADD CONSTRAINT "run_files_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_records" ADD CONSTRAINT "run_records_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wire_agents" ADD CONSTRAINT "wire_agents_agent_id_agents_id_fk" FOREIGN KEY ("agent_id") REFERENCES "public"."agents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wire_attempts" ADD CONSTRAINT "wire_attempts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wire_sweeps" ADD CONSTRAINT "wire_sweeps_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wire_sweeps" ADD CONSTRAINT "wire_sweeps_key_id_api_keys_id_fk" FOREIGN KEY ("key_id") REFERENCES "public"."api_keys"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "wire_attempts_agent_idx" ON "wire_attempts" USING btree ("agent_id");--> statement-breakpoint
CREATE INDEX "wire_attempts_name_idx" ON "wire_attempts" USING btree ("wire_name");--> statement-breakpoint
CREATE INDEX "wire_sweeps_input_idx" ON "wire_sweeps" USING btree ("input_hash","created_at");