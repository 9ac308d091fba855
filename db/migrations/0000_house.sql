CREATE TABLE "agents" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "agents_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"sweep_id" text NOT NULL,
	"user_id" integer NOT NULL,
	"host" text NOT NULL,
	"pid" integer,
	"slots" integer DEFAULT 1 NOT NULL,
	"version" text,
	"state" text DEFAULT 'alive' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_heartbeat_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"changed_xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "metric_axes" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"chunk" integer NOT NULL,
	"first_step" bigint NOT NULL,
	"last_step" bigint NOT NULL,
	"first_time" bigint NOT NULL,
	"last_time" bigint NOT NULL,
	"count" integer NOT NULL,
	"block" "bytea" NOT NULL,
	"changed_xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	CONSTRAINT "metric_axes_run_id_attempt_chunk_pk" PRIMARY KEY("run_id","attempt","chunk")
);
--> statement-breakpoint
CREATE TABLE "metric_summaries" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"metric_id" integer NOT NULL,
	"count" bigint NOT NULL,
	"non_finite" bigint DEFAULT 0 NOT NULL,
	"first" double precision,
	"first_step" bigint,
	"last" double precision,
	"last_step" bigint,
	"min" double precision,
	"min_step" bigint,
	"max" double precision,
	"max_step" bigint,
	"sum" double precision,
	"last_other" text,
	CONSTRAINT "metric_summaries_run_id_attempt_metric_id_pk" PRIMARY KEY("run_id","attempt","metric_id")
);
--> statement-breakpoint
CREATE TABLE "metric_tails" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"batch" integer NOT NULL,
	"first_step" bigint NOT NULL,
	"last_step" bigint NOT NULL,
	"count" integer NOT NULL,
	"block" "bytea" NOT NULL,
	"changed_xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	CONSTRAINT "metric_tails_run_id_attempt_batch_pk" PRIMARY KEY("run_id","attempt","batch")
);
--> statement-breakpoint
CREATE TABLE "metric_values" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"metric_id" integer NOT NULL,
	"chunk" integer NOT NULL,
	"count" integer NOT NULL,
	"non_finite" integer DEFAULT 0 NOT NULL,
	"others" integer DEFAULT 0 NOT NULL,
	"first" double precision,
	"first_step" bigint,
	"last" double precision,
	"last_step" bigint,
	"min" double precision,
	"max" double precision,
	"mean" double precision,
	"block" "bytea" NOT NULL,
	CONSTRAINT "metric_values_run_id_attempt_metric_id_chunk_pk" PRIMARY KEY("run_id","attempt","metric_id","chunk")
);
--> statement-breakpoint
CREATE TABLE "metrics" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "metrics_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"project_id" integer NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "metrics_project_name_key" UNIQUE("project_id","name")
);
--> statement-breakpoint
CREATE TABLE "rungs" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"band" integer NOT NULL,
	"sweep_id" text NOT NULL,
	"value" double precision NOT NULL,
	"best" double precision NOT NULL,
	"step" bigint NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rungs_sweep_id_band_run_id_attempt_pk" PRIMARY KEY("sweep_id","band","run_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "project_members" (
	"project_id" integer NOT NULL,
	"user_id" integer NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "project_members_project_id_user_id_pk" PRIMARY KEY("project_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "projects_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"entity_id" integer NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"changed_xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	CONSTRAINT "projects_entity_name_key" UNIQUE("entity_id","name")
);
--> statement-breakpoint
CREATE TABLE "saved_views" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "saved_views_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"project_id" integer NOT NULL,
	"user_id" integer NOT NULL,
	"name" text NOT NULL,
	"state" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"run_id" bigint NOT NULL,
	"number" integer NOT NULL,
	"sweep_id" text,
	"agent_id" integer,
	"state" text DEFAULT 'running' NOT NULL,
	"key_hash" "bytea",
	"lease_expires_at" timestamp (3) with time zone,
	"last_contact_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"exit_code" integer,
	"reason" text,
	"resumed_from_step" bigint,
	"last_batch" integer DEFAULT 0 NOT NULL,
	"last_output_batch" integer DEFAULT 0 NOT NULL,
	"last_step" bigint,
	"overtaken_at_step" bigint,
	"tails" integer DEFAULT 0 NOT NULL,
	"tail_steps" integer DEFAULT 0 NOT NULL,
	"output_bytes" bigint DEFAULT 0 NOT NULL,
	"host" text,
	"pid" integer,
	"command" jsonb,
	"changed_xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	CONSTRAINT "attempts_run_id_number_pk" PRIMARY KEY("run_id","number"),
	CONSTRAINT "attempts_key_hash_unique" UNIQUE("key_hash")
);
--> statement-breakpoint
CREATE TABLE "output_chunks" (
	"run_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"batch" integer NOT NULL,
	"piece" integer NOT NULL,
	"stream" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"text" text NOT NULL,
	"changed_xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	CONSTRAINT "output_chunks_run_id_attempt_batch_piece_pk" PRIMARY KEY("run_id","attempt","batch","piece")
);
--> statement-breakpoint
CREATE TABLE "run_notes" (
	"run_id" bigint PRIMARY KEY NOT NULL,
	"text" text NOT NULL,
	"user_id" integer,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "run_tags" (
	"run_id" bigint NOT NULL,
	"tag" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "run_tags_run_id_tag_pk" PRIMARY KEY("run_id","tag")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "runs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"project_id" integer NOT NULL,
	"sweep_id" text,
	"name" text NOT NULL,
	"display_name" text NOT NULL,
	"state" text NOT NULL,
	"state_reason" text,
	"state_detail" text,
	"generation" integer,
	"point_index" numeric(1000, 0),
	"point_hash" "bytea",
	"repeat" integer DEFAULT 0 NOT NULL,
	"params" jsonb NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"crashes" integer DEFAULT 0 NOT NULL,
	"preemptions" integer DEFAULT 0 NOT NULL,
	"queued_at" timestamp (3) with time zone,
	"stop_requested" text,
	"exit_code" integer,
	"objective" double precision,
	"objective_step" bigint,
	"created_by" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"deleted_at" timestamp (3) with time zone,
	"changed_xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	CONSTRAINT "runs_project_name_key" UNIQUE("project_id","name")
);
--> statement-breakpoint
CREATE TABLE "suggestions" (
	"sweep_id" text NOT NULL,
	"number" integer NOT NULL,
	"generation" integer NOT NULL,
	"params" jsonb NOT NULL,
	"observed" integer NOT NULL,
	"pending" jsonb NOT NULL,
	"engine_version" text NOT NULL,
	"mean" double precision,
	"sd" double precision,
	"acquisition" double precision,
	"state" text DEFAULT 'ready' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "suggestions_sweep_id_number_pk" PRIMARY KEY("sweep_id","number")
);
--> statement-breakpoint
CREATE TABLE "sweep_generations" (
	"sweep_id" text NOT NULL,
	"generation" integer NOT NULL,
	"source" text NOT NULL,
	"config" jsonb NOT NULL,
	"created_by" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sweep_generations_sweep_id_generation_pk" PRIMARY KEY("sweep_id","generation")
);
--> statement-breakpoint
CREATE TABLE "sweeps" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" integer NOT NULL,
	"name" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"state_reason" text,
	"generation" integer DEFAULT 1 NOT NULL,
	"method" text NOT NULL,
	"metric_name" text,
	"metric_goal" text DEFAULT 'minimize' NOT NULL,
	"metric_target" double precision,
	"run_cap" integer,
	"seed" text NOT NULL,
	"size" numeric(1000, 0),
	"cursor" numeric(1000, 0) DEFAULT '0' NOT NULL,
	"exhausted" boolean DEFAULT false NOT NULL,
	"run_count" integer DEFAULT 0 NOT NULL,
	"created_by" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"changed_xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"user_id" integer,
	"caller" text NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency_answers" (
	"caller" text NOT NULL,
	"mutation_id" text NOT NULL,
	"verb" text NOT NULL,
	"input_hash" "bytea" NOT NULL,
	"answer" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_answers_caller_mutation_id_pk" PRIMARY KEY("caller","mutation_id")
);
--> statement-breakpoint
CREATE TABLE "liveness" (
	"id" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"last_beat_at" timestamp (3) with time zone NOT NULL,
	"up_since" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "liveness_single_row" CHECK ("liveness"."id")
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "api_keys_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"user_id" integer NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "entities" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "entities_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "login_links" (
	"token_hash" "bytea" PRIMARY KEY NOT NULL,
	"user_id" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"token_hash" "bytea" PRIMARY KEY NOT NULL,
	"user_id" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"last_seen_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "team_members" (
	"entity_id" integer NOT NULL,
	"user_id" integer NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "team_members_entity_id_user_id_pk" PRIMARY KEY("entity_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "users_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"entity_id" integer NOT NULL,
	"email" text,
	"display_name" text,
	"password_hash" text,
	"admin" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp (3) with time zone,
	CONSTRAINT "users_entity_id_unique" UNIQUE("entity_id"),
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
ALTER TABLE "agents" ADD CONSTRAINT "agents_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "agents" ADD CONSTRAINT "agents_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_axes" ADD CONSTRAINT "metric_axes_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_summaries" ADD CONSTRAINT "metric_summaries_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_summaries" ADD CONSTRAINT "metric_summaries_metric_id_metrics_id_fk" FOREIGN KEY ("metric_id") REFERENCES "public"."metrics"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_tails" ADD CONSTRAINT "metric_tails_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_values" ADD CONSTRAINT "metric_values_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_values" ADD CONSTRAINT "metric_values_metric_id_metrics_id_fk" FOREIGN KEY ("metric_id") REFERENCES "public"."metrics"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metrics" ADD CONSTRAINT "metrics_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rungs" ADD CONSTRAINT "rungs_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_entity_id_entities_id_fk" FOREIGN KEY ("entity_id") REFERENCES "public"."entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "saved_views" ADD CONSTRAINT "saved_views_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "saved_views" ADD CONSTRAINT "saved_views_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_agent_id_agents_id_fk" FOREIGN KEY ("agent_id") REFERENCES "public"."agents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "output_chunks" ADD CONSTRAINT "output_chunks_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_notes" ADD CONSTRAINT "run_notes_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_notes" ADD CONSTRAINT "run_notes_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_tags" ADD CONSTRAINT "run_tags_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suggestions" ADD CONSTRAINT "suggestions_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sweep_generations" ADD CONSTRAINT "sweep_generations_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sweep_generations" ADD CONSTRAINT "sweep_generations_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sweeps" ADD CONSTRAINT "sweeps_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sweeps" ADD CONSTRAINT "sweeps_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "login_links" ADD CONSTRAINT "login_links_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_members" ADD CONSTRAINT "team_members_entity_id_entities_id_fk" FOREIGN KEY ("entity_id") REFERENCES "public"."entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_members" ADD CONSTRAINT "team_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_entity_id_entities_id_fk" FOREIGN KEY ("entity_id") REFERENCES "public"."entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "agents_sweep_idx" ON "agents" USING btree ("sweep_id");--> statement-breakpoint
CREATE INDEX "attempts_live_idx" ON "attempts" USING btree ("agent_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "attempts_sweep_changed_idx" ON "attempts" USING btree ("sweep_id","changed_xid");--> statement-breakpoint
CREATE INDEX "attempts_tails_idx" ON "attempts" USING btree ("run_id") WHERE tails > 0;--> statement-breakpoint
CREATE INDEX "run_tags_tag_idx" ON "run_tags" USING btree ("tag");--> statement-breakpoint
CREATE UNIQUE INDEX "runs_point_key" ON "runs" USING btree ("sweep_id","point_hash","repeat") WHERE deleted_at is null and point_hash is not null;--> statement-breakpoint
CREATE INDEX "runs_queue_idx" ON "runs" USING btree ("sweep_id","queued_at") WHERE state = 'pending' and deleted_at is null;--> statement-breakpoint
CREATE INDEX "runs_sweep_idx" ON "runs" USING btree ("sweep_id","id");--> statement-breakpoint
CREATE INDEX "runs_sweep_changed_idx" ON "runs" USING btree ("sweep_id","changed_xid");--> statement-breakpoint
CREATE INDEX "sweeps_project_idx" ON "sweeps" USING btree ("project_id","created_at");--> statement-breakpoint
CREATE INDEX "idempotency_answers_age_idx" ON "idempotency_answers" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "entities_name_key" ON "entities" USING btree (lower("name"));