CREATE TABLE "machines" (
	"sweep_id" text NOT NULL,
	"host" text NOT NULL,
	"failures_in_a_row" integer DEFAULT 0 NOT NULL,
	"failed_runs" bigint[] DEFAULT '{}' NOT NULL,
	"quarantined_at" timestamp (3) with time zone,
	"reason" text,
	CONSTRAINT "machines_sweep_id_host_pk" PRIMARY KEY("sweep_id","host")
);
--> statement-breakpoint
CREATE TABLE "system_samples" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"time" bigint NOT NULL,
	"values" jsonb NOT NULL,
	"peaks" jsonb,
	CONSTRAINT "system_samples_run_id_attempt_time_pk" PRIMARY KEY("run_id","attempt","time")
);
--> statement-breakpoint
CREATE TABLE "attempt_facts" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"facts" jsonb NOT NULL,
	"diff" text,
	"described_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "attempt_facts_run_id_attempt_pk" PRIMARY KEY("run_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "run_warnings" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"code" text NOT NULL,
	"message" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "run_warnings_run_id_attempt_code_message_pk" PRIMARY KEY("run_id","attempt","code","message")
);
--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "cwd" text;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "gpus" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "wish" text;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "slot" integer;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "device" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "returned" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "system_samples" ADD CONSTRAINT "system_samples_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempt_facts" ADD CONSTRAINT "attempt_facts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_warnings" ADD CONSTRAINT "run_warnings_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;