CREATE TABLE "artifact_aliases" (
	"collection_id" bigint NOT NULL,
	"alias" text NOT NULL,
	"artifact_id" bigint NOT NULL,
	CONSTRAINT "artifact_aliases_collection_id_alias_pk" PRIMARY KEY("collection_id","alias")
);
--> statement-breakpoint
CREATE TABLE "artifact_collections" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "artifact_collections_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"project_id" integer NOT NULL,
	"name" text NOT NULL,
	"type" text NOT NULL,
	"description" text,
	"versions" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifact_collections_name_key" UNIQUE("project_id","name")
);
--> statement-breakpoint
CREATE TABLE "artifact_entries" (
	"artifact_id" bigint NOT NULL,
	"path" text NOT NULL,
	"digest" text NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"file_id" bigint,
	"ref" text,
	CONSTRAINT "artifact_entries_artifact_id_path_pk" PRIMARY KEY("artifact_id","path")
);
--> statement-breakpoint
CREATE TABLE "artifact_files" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "artifact_files_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"project_id" integer NOT NULL,
	"digest" text NOT NULL,
	"place" text NOT NULL,
	"bytes" bigint NOT NULL,
	"wanted_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifact_files_digest_key" UNIQUE("project_id","digest")
);
--> statement-breakpoint
CREATE TABLE "artifact_uses" (
	"artifact_id" bigint NOT NULL,
	"run_id" bigint NOT NULL,
	"used_as" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifact_uses_artifact_id_run_id_pk" PRIMARY KEY("artifact_id","run_id")
);
--> statement-breakpoint
CREATE TABLE "artifacts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "artifacts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"collection_id" bigint NOT NULL,
	"run_id" bigint,
	"client_id" text,
	"sequence_client_id" text,
	"state" text DEFAULT 'pending' NOT NULL,
	"version" integer,
	"digest" text NOT NULL,
	"description" text,
	"metadata" jsonb DEFAULT '{}' NOT NULL,
	"wanted_aliases" jsonb DEFAULT '[]' NOT NULL,
	"history_step" bigint,
	"manifest_place" text,
	"manifest_digest" text,
	"manifest_bytes" bigint DEFAULT 0 NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"entry_count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifacts_version_key" UNIQUE("collection_id","version")
);
--> statement-breakpoint
CREATE TABLE "loose_bytes" (
	"place" text PRIMARY KEY NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "server_secrets" (
	"name" text PRIMARY KEY NOT NULL,
	"secret" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "run_files" ALTER COLUMN "place" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "run_files" ADD COLUMN "leaves_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "artifact_aliases" ADD CONSTRAINT "artifact_aliases_collection_id_artifact_collections_id_fk" FOREIGN KEY ("collection_id") REFERENCES "public"."artifact_collections"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifact_aliases" ADD CONSTRAINT "artifact_aliases_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifact_collections" ADD CONSTRAINT "artifact_collections_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifact_entries" ADD CONSTRAINT "artifact_entries_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifact_entries" ADD CONSTRAINT "artifact_entries_file_id_artifact_files_id_fk" FOREIGN KEY ("file_id") REFERENCES "public"."artifact_files"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifact_files" ADD CONSTRAINT "artifact_files_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifact_uses" ADD CONSTRAINT "artifact_uses_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifact_uses" ADD CONSTRAINT "artifact_uses_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_collection_id_artifact_collections_id_fk" FOREIGN KEY ("collection_id") REFERENCES "public"."artifact_collections"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "artifact_aliases_artifact_idx" ON "artifact_aliases" USING btree ("artifact_id");--> statement-breakpoint
CREATE INDEX "artifact_entries_file_idx" ON "artifact_entries" USING btree ("file_id");--> statement-breakpoint
CREATE INDEX "artifact_files_wanted_idx" ON "artifact_files" USING btree ("wanted_at");--> statement-breakpoint
CREATE INDEX "artifact_uses_run_idx" ON "artifact_uses" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "artifacts_digest_idx" ON "artifacts" USING btree ("collection_id","digest");--> statement-breakpoint
CREATE INDEX "artifacts_client_idx" ON "artifacts" USING btree ("client_id") WHERE client_id is not null;--> statement-breakpoint
CREATE INDEX "artifacts_run_idx" ON "artifacts" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "artifacts_pending_idx" ON "artifacts" USING btree ("updated_at") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "loose_bytes_due_idx" ON "loose_bytes" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "run_files_leaves_idx" ON "run_files" USING btree ("leaves_at") WHERE leaves_at is not null;