create table agents (
  id integer not null generated always as identity,
  sweep_id text not null,
  user_id integer not null,
  host text not null,
  pid integer,
  slots integer not null default 1,
  version text,
  state text not null default 'alive'::text,
  created_at timestamp(3) with time zone not null default now(),
  last_heartbeat_at timestamp(3) with time zone not null default now(),
  changed_xid xid8 not null default pg_current_xact_id(),
  cwd text,
  gpus jsonb not null default '[]'::jsonb,
  wish text,
  constraint agents_pkey PRIMARY KEY (id),
  constraint agents_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id),
  constraint agents_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=100, autovacuum_vacuum_cost_delay=0);
CREATE INDEX agents_sweep_idx ON public.agents USING btree (sweep_id);

create table api_keys (
  id integer not null generated always as identity,
  user_id integer not null,
  name text not null,
  prefix text not null,
  hash bytea not null,
  created_at timestamp(3) with time zone not null default now(),
  expires_at timestamp(3) with time zone,
  last_used_at timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone,
  scope text not null default 'full'::text,
  project_id integer,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_hash_unique UNIQUE (hash),
  constraint api_keys_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint api_keys_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id)
);

create table artifact_aliases (
  collection_id bigint not null,
  alias text not null,
  artifact_id bigint not null,
  constraint artifact_aliases_collection_id_alias_pk PRIMARY KEY (collection_id, alias),
  constraint artifact_aliases_artifact_id_artifacts_id_fk FOREIGN KEY (artifact_id) REFERENCES artifacts(id),
  constraint artifact_aliases_collection_id_artifact_collections_id_fk FOREIGN KEY (collection_id) REFERENCES artifact_collections(id)
);
CREATE INDEX artifact_aliases_artifact_idx ON public.artifact_aliases USING btree (artifact_id);

create table artifact_collections (
  id bigint not null generated always as identity,
  project_id integer not null,
  name text not null,
  type text not null,
  description text,
  versions integer not null default 0,
  created_at timestamp(3) with time zone not null default now(),
  updated_at timestamp(3) with time zone not null default now(),
  constraint artifact_collections_pkey PRIMARY KEY (id),
  constraint artifact_collections_name_key UNIQUE (project_id, name),
  constraint artifact_collections_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id)
);

create table artifact_entries (
  artifact_id bigint not null,
  path text not null,
  digest text not null,
  bytes bigint not null default 0,
  file_id bigint,
  ref text,
  constraint artifact_entries_artifact_id_path_pk PRIMARY KEY (artifact_id, path),
  constraint artifact_entries_artifact_id_artifacts_id_fk FOREIGN KEY (artifact_id) REFERENCES artifacts(id),
  constraint artifact_entries_file_id_artifact_files_id_fk FOREIGN KEY (file_id) REFERENCES artifact_files(id)
);
CREATE INDEX artifact_entries_file_idx ON public.artifact_entries USING btree (file_id);

create table artifact_files (
  id bigint not null generated always as identity,
  project_id integer not null,
  digest text not null,
  place text not null,
  bytes bigint not null,
  wanted_at timestamp(3) with time zone not null default now(),
  constraint artifact_files_pkey PRIMARY KEY (id),
  constraint artifact_files_digest_key UNIQUE (project_id, digest),
  constraint artifact_files_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id)
);
CREATE INDEX artifact_files_wanted_idx ON public.artifact_files USING btree (wanted_at);

create table artifact_uses (
  artifact_id bigint not null,
  run_id bigint not null,
  used_as text,
  created_at timestamp(3) with time zone not null default now(),
  constraint artifact_uses_artifact_id_run_id_pk PRIMARY KEY (artifact_id, run_id),
  constraint artifact_uses_artifact_id_artifacts_id_fk FOREIGN KEY (artifact_id) REFERENCES artifacts(id),
  constraint artifact_uses_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);
CREATE INDEX artifact_uses_run_idx ON public.artifact_uses USING btree (run_id);

create table artifacts (
  id bigint not null generated always as identity,
  collection_id bigint not null,
  run_id bigint,
  client_id text,
  sequence_client_id text,
  state text not null default 'pending'::text,
  version integer,
  digest text not null,
  description text,
  metadata jsonb not null default '{}'::jsonb,
  wanted_aliases jsonb not null default '[]'::jsonb,
  history_step bigint,
  manifest_place text,
  manifest_digest text,
  manifest_bytes bigint not null default 0,
  bytes bigint not null default 0,
  entry_count integer not null default 0,
  created_at timestamp(3) with time zone not null default now(),
  updated_at timestamp(3) with time zone not null default now(),
  constraint artifacts_pkey PRIMARY KEY (id),
  constraint artifacts_version_key UNIQUE (collection_id, version),
  constraint artifacts_collection_id_artifact_collections_id_fk FOREIGN KEY (collection_id) REFERENCES artifact_collections(id),
  constraint artifacts_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);
CREATE INDEX artifacts_client_idx ON public.artifacts USING btree (client_id) WHERE (client_id IS NOT NULL);
CREATE INDEX artifacts_digest_idx ON public.artifacts USING btree (collection_id, digest);
CREATE INDEX artifacts_pending_idx ON public.artifacts USING btree (updated_at) WHERE (state = 'pending'::text);
CREATE INDEX artifacts_run_idx ON public.artifacts USING btree (run_id);

create table attempt_facts (
  run_id bigint not null,
  attempt integer not null,
  facts jsonb not null,
  diff text,
  described_at timestamp(3) with time zone not null default now(),
  constraint attempt_facts_run_id_attempt_pk PRIMARY KEY (run_id, attempt),
  constraint attempt_facts_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);

create table attempts (
  run_id bigint not null,
  number integer not null,
  sweep_id text,
  agent_id integer,
  state text not null default 'running'::text,
  key_hash bytea,
  lease_expires_at timestamp(3) with time zone,
  last_contact_at timestamp(3) with time zone not null default now(),
  started_at timestamp(3) with time zone not null default now(),
  ended_at timestamp(3) with time zone,
  exit_code integer,
  reason text,
  resumed_from_step bigint,
  last_batch integer not null default 0,
  last_output_batch integer not null default 0,
  last_step bigint,
  overtaken_at_step bigint,
  tails integer not null default 0,
  tail_steps integer not null default 0,
  output_bytes bigint not null default 0,
  host text,
  pid integer,
  command jsonb,
  changed_xid xid8 not null default pg_current_xact_id(),
  key_id integer,
  slot integer,
  device text,
  history_lines bigint not null default 0,
  output_lines bigint not null default 0,
  constraint attempts_run_id_number_pk PRIMARY KEY (run_id, number),
  constraint attempts_key_hash_unique UNIQUE (key_hash),
  constraint attempts_key_id_api_keys_id_fk FOREIGN KEY (key_id) REFERENCES api_keys(id),
  constraint attempts_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=200, autovacuum_vacuum_cost_delay=0);
CREATE INDEX attempts_live_idx ON public.attempts USING btree (agent_id) WHERE (ended_at IS NULL);
CREATE INDEX attempts_sweep_changed_idx ON public.attempts USING btree (sweep_id, changed_xid);
CREATE INDEX attempts_tails_idx ON public.attempts USING btree (run_id) WHERE (tails > 0);

create table audit_events (
  id bigint not null generated always as identity,
  at timestamp(3) with time zone not null default now(),
  user_id integer,
  caller text not null,
  action text not null,
  target text not null,
  details jsonb not null default '{}'::jsonb,
  entity_id integer,
  project_id integer,
  constraint audit_events_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_events_entity_idx ON public.audit_events USING btree (entity_id, id);
CREATE INDEX audit_events_project_idx ON public.audit_events USING btree (project_id, id);
CREATE INDEX audit_events_user_idx ON public.audit_events USING btree (user_id, id);

create table besom_migrations (
  number integer not null,
  tag text not null,
  hash text not null,
  applied_at timestamp with time zone not null default now(),
  constraint besom_migrations_pkey PRIMARY KEY (number)
);

create table chores (
  name text not null,
  position bigint not null default 0,
  due_at timestamp(3) with time zone not null default now(),
  constraint chores_pkey PRIMARY KEY (name)
);

create table device_logins (
  code_hash bytea not null,
  user_code text not null,
  label text not null,
  address text,
  created_at timestamp(3) with time zone not null default now(),
  expires_at timestamp(3) with time zone not null,
  approved_by integer,
  approved_at timestamp(3) with time zone,
  denied_at timestamp(3) with time zone,
  taken_at timestamp(3) with time zone,
  constraint device_logins_pkey PRIMARY KEY (code_hash),
  constraint device_logins_user_code_unique UNIQUE (user_code),
  constraint device_logins_approved_by_users_id_fk FOREIGN KEY (approved_by) REFERENCES users(id)
);

create table entities (
  id integer not null generated always as identity,
  name text not null,
  kind text not null,
  created_at timestamp(3) with time zone not null default now(),
  constraint entities_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX entities_name_key ON public.entities USING btree (lower(name));

create table fronts (
  sweep_id text not null,
  runs integer not null default 0,
  id_sum numeric(1000,0) not null default '0'::numeric,
  last_at timestamp(3) with time zone,
  last_id bigint,
  barren integer not null default 0,
  members jsonb not null default '[]'::jsonb,
  reference jsonb,
  hypervolume double precision,
  constraint fronts_pkey PRIMARY KEY (sweep_id),
  constraint fronts_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);

create table idempotency_answers (
  caller text not null,
  mutation_id text not null,
  verb text not null,
  input_hash bytea not null,
  answer jsonb not null,
  created_at timestamp(3) with time zone not null default now(),
  constraint idempotency_answers_caller_mutation_id_pk PRIMARY KEY (caller, mutation_id)
);
CREATE INDEX idempotency_answers_age_idx ON public.idempotency_answers USING btree (created_at);

create table importance_answers (
  sweep_id text not null,
  question bytea not null,
  version text,
  digest bytea,
  engine integer,
  answer text,
  computed_at timestamp(3) with time zone,
  holder text,
  holder_until timestamp(3) with time zone,
  constraint importance_answers_sweep_id_question_pk PRIMARY KEY (sweep_id, question),
  constraint importance_answers_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);

create table invitations (
  id integer not null generated always as identity,
  token_hash bytea not null,
  entity_id integer,
  project_id integer,
  role text,
  admin boolean not null default false,
  email text,
  created_by integer not null,
  created_at timestamp(3) with time zone not null default now(),
  expires_at timestamp(3) with time zone not null,
  used_at timestamp(3) with time zone,
  used_by integer,
  revoked_at timestamp(3) with time zone,
  constraint invitations_pkey PRIMARY KEY (id),
  constraint invitations_token_hash_unique UNIQUE (token_hash),
  constraint invitations_created_by_users_id_fk FOREIGN KEY (created_by) REFERENCES users(id),
  constraint invitations_entity_id_entities_id_fk FOREIGN KEY (entity_id) REFERENCES entities(id),
  constraint invitations_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint invitations_used_by_users_id_fk FOREIGN KEY (used_by) REFERENCES users(id)
);

create table liveness (
  id boolean not null default true,
  last_beat_at timestamp(3) with time zone not null,
  up_since timestamp(3) with time zone not null,
  constraint liveness_pkey PRIMARY KEY (id),
  constraint liveness_single_row CHECK (id)
) with (fillfactor=10, autovacuum_vacuum_threshold=50, autovacuum_vacuum_cost_delay=0);

create table login_links (
  token_hash bytea not null,
  user_id integer not null,
  created_at timestamp(3) with time zone not null default now(),
  expires_at timestamp(3) with time zone not null,
  used_at timestamp(3) with time zone,
  constraint login_links_pkey PRIMARY KEY (token_hash),
  constraint login_links_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id)
);

create table loose_bytes (
  place text not null,
  due_at timestamp(3) with time zone not null,
  constraint loose_bytes_pkey PRIMARY KEY (place)
);
CREATE INDEX loose_bytes_due_idx ON public.loose_bytes USING btree (due_at);

create table machines (
  sweep_id text not null,
  host text not null,
  failures_in_a_row integer not null default 0,
  failed_runs bigint[] not null default '{}'::bigint[],
  quarantined_at timestamp(3) with time zone,
  reason text,
  constraint machines_sweep_id_host_pk PRIMARY KEY (sweep_id, host),
  constraint machines_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);

create table metric_axes (
  run_id bigint not null,
  attempt integer not null,
  chunk integer not null,
  first_step bigint not null,
  last_step bigint not null,
  first_time bigint not null,
  last_time bigint not null,
  count integer not null,
  block bytea storage external not null,
  changed_xid xid8 not null default pg_current_xact_id(),
  constraint metric_axes_run_id_attempt_chunk_pk PRIMARY KEY (run_id, attempt, chunk),
  constraint metric_axes_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);

create table metric_summaries (
  run_id bigint not null,
  attempt integer not null,
  metric_id integer not null,
  count bigint not null,
  non_finite bigint not null default 0,
  first double precision,
  first_step bigint,
  last double precision,
  last_step bigint,
  min double precision,
  min_step bigint,
  max double precision,
  max_step bigint,
  sum double precision,
  last_other text,
  constraint metric_summaries_run_id_attempt_metric_id_pk PRIMARY KEY (run_id, attempt, metric_id),
  constraint metric_summaries_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=200, autovacuum_vacuum_cost_delay=0);

create table metric_tails (
  run_id bigint not null,
  attempt integer not null,
  batch integer not null,
  first_step bigint not null,
  last_step bigint not null,
  count integer not null,
  block bytea storage external not null,
  changed_xid xid8 not null default pg_current_xact_id(),
  constraint metric_tails_run_id_attempt_batch_pk PRIMARY KEY (run_id, attempt, batch),
  constraint metric_tails_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=500, autovacuum_vacuum_cost_delay=0, toast_tuple_target=8160);

create table metric_values (
  run_id bigint not null,
  attempt integer not null,
  metric_id integer not null,
  chunk integer not null,
  count integer not null,
  non_finite integer not null default 0,
  others integer not null default 0,
  first double precision,
  first_step bigint,
  last double precision,
  last_step bigint,
  min double precision,
  max double precision,
  mean double precision,
  block bytea storage external not null,
  constraint metric_values_run_id_attempt_metric_id_chunk_pk PRIMARY KEY (run_id, attempt, metric_id, chunk),
  constraint metric_values_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);

create table metrics (
  id integer not null generated always as identity,
  project_id integer not null,
  name text not null,
  created_at timestamp(3) with time zone not null default now(),
  constraint metrics_pkey PRIMARY KEY (id),
  constraint metrics_project_name_key UNIQUE (project_id, name),
  constraint metrics_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id)
);

create table output_chunks (
  run_id bigint not null,
  attempt integer not null,
  batch integer not null,
  piece integer not null,
  stream text not null,
  at timestamp(3) with time zone not null,
  text text not null,
  changed_xid xid8 not null default pg_current_xact_id(),
  constraint output_chunks_run_id_attempt_batch_piece_pk PRIMARY KEY (run_id, attempt, batch, piece),
  constraint output_chunks_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);

create table prior_runs (
  sweep_id text not null,
  number integer not null,
  run_id bigint not null,
  point_hash bytea not null,
  repeat integer not null,
  details jsonb not null,
  constraint prior_runs_sweep_id_number_pk PRIMARY KEY (sweep_id, number),
  constraint prior_runs_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);
CREATE INDEX prior_runs_point_idx ON public.prior_runs USING btree (sweep_id, point_hash);

create table project_members (
  project_id integer not null,
  user_id integer not null,
  role text not null,
  created_at timestamp(3) with time zone not null default now(),
  constraint project_members_project_id_user_id_pk PRIMARY KEY (project_id, user_id),
  constraint project_members_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint project_members_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id)
);

create table projects (
  id integer not null generated always as identity,
  entity_id integer not null,
  name text not null,
  description text,
  created_at timestamp(3) with time zone not null default now(),
  changed_xid xid8 not null default pg_current_xact_id(),
  keep_output_days integer,
  keep_history_days integer,
  deleted_at timestamp(3) with time zone,
  purged_at timestamp(3) with time zone,
  constraint projects_pkey PRIMARY KEY (id),
  constraint projects_entity_id_entities_id_fk FOREIGN KEY (entity_id) REFERENCES entities(id)
);
CREATE UNIQUE INDEX projects_entity_name_key ON public.projects USING btree (entity_id, name) WHERE (deleted_at IS NULL);

create table run_files (
  id bigint not null generated always as identity,
  run_id bigint not null,
  name text not null,
  place text not null,
  bytes bigint not null default 0,
  md5 text,
  mime_type text,
  created_at timestamp(3) with time zone not null default now(),
  updated_at timestamp(3) with time zone not null default now(),
  leaves_at timestamp(3) with time zone,
  constraint run_files_pkey PRIMARY KEY (id),
  constraint run_files_run_name_key UNIQUE (run_id, name),
  constraint run_files_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);
CREATE INDEX run_files_leaves_idx ON public.run_files USING btree (leaves_at) WHERE (leaves_at IS NOT NULL);

create table run_notes (
  run_id bigint not null,
  text text not null,
  user_id integer,
  updated_at timestamp(3) with time zone not null default now(),
  constraint run_notes_pkey PRIMARY KEY (run_id),
  constraint run_notes_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id),
  constraint run_notes_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id)
);

create table run_records (
  run_id bigint not null,
  config jsonb not null default '{}'::jsonb,
  summary jsonb not null default '{}'::jsonb,
  group_name text,
  job_type text,
  program text,
  host text,
  commit text,
  repo text,
  event_lines bigint not null default 0,
  updated_at timestamp(3) with time zone not null default now(),
  constraint run_records_pkey PRIMARY KEY (run_id),
  constraint run_records_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);

create table run_tags (
  run_id bigint not null,
  tag text not null,
  created_at timestamp(3) with time zone not null default now(),
  constraint run_tags_run_id_tag_pk PRIMARY KEY (run_id, tag),
  constraint run_tags_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);
CREATE INDEX run_tags_tag_idx ON public.run_tags USING btree (tag);

create table run_warnings (
  run_id bigint not null,
  attempt integer not null,
  code text not null,
  message text not null,
  at timestamp(3) with time zone not null default now(),
  constraint run_warnings_run_id_attempt_code_message_pk PRIMARY KEY (run_id, attempt, code, message),
  constraint run_warnings_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);

create table rungs (
  run_id bigint not null,
  attempt integer not null,
  band integer not null,
  sweep_id text not null,
  value double precision not null,
  best double precision not null,
  step bigint not null,
  at timestamp(3) with time zone not null default now(),
  counts boolean not null default true,
  stopped boolean not null default false,
  mean double precision,
  constraint rungs_sweep_id_band_run_id_attempt_pk PRIMARY KEY (sweep_id, band, run_id, attempt),
  constraint rungs_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);
CREATE INDEX rungs_attempt_idx ON public.rungs USING btree (run_id, attempt, band);
CREATE INDEX rungs_best_idx ON public.rungs USING btree (sweep_id, band, best, run_id) WHERE counts;
CREATE INDEX rungs_mean_idx ON public.rungs USING btree (sweep_id, band, mean, run_id) WHERE (counts AND (mean IS NOT NULL));
CREATE INDEX rungs_stopped_idx ON public.rungs USING btree (sweep_id, band) WHERE (counts AND stopped);
CREATE INDEX rungs_value_idx ON public.rungs USING btree (sweep_id, band, value, run_id) WHERE counts;

create table runs (
  id bigint not null generated always as identity,
  project_id integer not null,
  sweep_id text,
  name text not null,
  display_name text not null,
  state text not null,
  state_reason text,
  state_detail text,
  generation integer,
  point_index numeric(1000,0),
  point_hash bytea,
  repeat integer not null default 0,
  params jsonb not null,
  attempt integer not null default 0,
  crashes integer not null default 0,
  preemptions integer not null default 0,
  queued_at timestamp(3) with time zone,
  stop_requested text,
  exit_code integer,
  objective double precision,
  objective_step bigint,
  created_by integer,
  created_at timestamp(3) with time zone not null default now(),
  started_at timestamp(3) with time zone,
  finished_at timestamp(3) with time zone,
  deleted_at timestamp(3) with time zone,
  changed_xid xid8 not null default pg_current_xact_id(),
  output_dropped_at timestamp(3) with time zone,
  history_dropped_at timestamp(3) with time zone,
  suggestion integer,
  early_stop jsonb,
  feasible boolean,
  returned boolean not null default false,
  constraint runs_pkey PRIMARY KEY (id),
  constraint runs_project_name_key UNIQUE (project_id, name),
  constraint runs_created_by_users_id_fk FOREIGN KEY (created_by) REFERENCES users(id),
  constraint runs_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint runs_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=200, autovacuum_vacuum_cost_delay=0);
CREATE INDEX runs_loose_changed_idx ON public.runs USING btree (project_id, changed_xid) WHERE (sweep_id IS NULL);
CREATE INDEX runs_open_idx ON public.runs USING btree (sweep_id) WHERE ((state = 'running'::text) AND (stop_requested IS NULL) AND (deleted_at IS NULL));
CREATE UNIQUE INDEX runs_point_key ON public.runs USING btree (sweep_id, point_hash, repeat) WHERE ((deleted_at IS NULL) AND (point_hash IS NOT NULL));
CREATE INDEX runs_project_idx ON public.runs USING btree (project_id, id) WHERE (deleted_at IS NULL);
CREATE INDEX runs_queue_idx ON public.runs USING btree (sweep_id, queued_at) WHERE ((state = 'pending'::text) AND (deleted_at IS NULL));
CREATE INDEX runs_sweep_changed_idx ON public.runs USING btree (sweep_id, changed_xid);
CREATE INDEX runs_sweep_feasible_idx ON public.runs USING btree (sweep_id, objective) WHERE (feasible AND (objective IS NOT NULL) AND (deleted_at IS NULL));
CREATE INDEX runs_sweep_idx ON public.runs USING btree (sweep_id, id);
CREATE INDEX runs_sweep_objective_idx ON public.runs USING btree (sweep_id, objective) WHERE ((objective IS NOT NULL) AND (deleted_at IS NULL));

create table saved_views (
  id integer not null generated always as identity,
  project_id integer not null,
  user_id integer not null,
  name text not null,
  created_at timestamp(3) with time zone not null default now(),
  sweep_id text,
  search text not null default ''::text,
  updated_at timestamp(3) with time zone not null default now(),
  constraint saved_views_pkey PRIMARY KEY (id),
  constraint saved_views_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint saved_views_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id)
);
CREATE UNIQUE INDEX saved_views_name_key ON public.saved_views USING btree (project_id, COALESCE(sweep_id, ''::text), name);

create table search_events (
  sweep_id text not null,
  position integer not null,
  kind text not null,
  number integer not null,
  details jsonb,
  at timestamp(3) with time zone not null default now(),
  constraint search_events_sweep_id_position_pk PRIMARY KEY (sweep_id, "position"),
  constraint search_events_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);

create table searches (
  sweep_id text not null,
  generation integer not null,
  log_length integer not null default 0,
  results integer not null default 0,
  foreigners integer not null default 0,
  spent boolean not null default false,
  picked text,
  picked_why text,
  holder text,
  holder_until timestamp(3) with time zone,
  winner jsonb,
  winner_results integer not null default 0,
  constraint searches_pkey PRIMARY KEY (sweep_id),
  constraint searches_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);

create table server_secrets (
  name text not null,
  secret bytea not null,
  created_at timestamp(3) with time zone not null default now(),
  constraint server_secrets_pkey PRIMARY KEY (name)
);

create table sessions (
  token_hash bytea not null,
  user_id integer not null,
  created_at timestamp(3) with time zone not null default now(),
  expires_at timestamp(3) with time zone not null,
  last_seen_at timestamp(3) with time zone,
  id integer not null generated always as identity,
  user_agent text,
  address text,
  constraint sessions_pkey PRIMARY KEY (token_hash),
  constraint sessions_id_unique UNIQUE (id),
  constraint sessions_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id)
);
CREATE INDEX sessions_user_idx ON public.sessions USING btree (user_id);

create table sign_in_failures (
  bucket text not null,
  failures integer not null,
  last_at timestamp(3) with time zone not null default now(),
  blocked_until timestamp(3) with time zone,
  constraint sign_in_failures_pkey PRIMARY KEY (bucket)
);

create table suggestions (
  sweep_id text not null,
  number integer not null,
  generation integer not null,
  params jsonb not null,
  observed integer not null,
  engine_version text not null,
  mean double precision,
  sd double precision,
  acquisition double precision,
  state text not null default 'ready'::text,
  created_at timestamp(3) with time zone not null default now(),
  point_hash bytea not null,
  repeat integer not null default 0,
  reason text not null,
  seen integer not null,
  acquisition_name text,
  memory jsonb,
  compute_ms double precision,
  run_id bigint,
  told text not null default 'proposed'::text,
  taken_at timestamp(3) with time zone,
  improvement double precision,
  constraint suggestions_sweep_id_number_pk PRIMARY KEY (sweep_id, number),
  constraint suggestions_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);
CREATE INDEX suggestions_open_idx ON public.suggestions USING btree (sweep_id, state) WHERE (told <> 'ended'::text);
CREATE INDEX suggestions_run_idx ON public.suggestions USING btree (run_id) WHERE (run_id IS NOT NULL);

create table sweep_generations (
  sweep_id text not null,
  generation integer not null,
  source text not null,
  config jsonb not null,
  created_by integer,
  created_at timestamp(3) with time zone not null default now(),
  constraint sweep_generations_sweep_id_generation_pk PRIMARY KEY (sweep_id, generation),
  constraint sweep_generations_created_by_users_id_fk FOREIGN KEY (created_by) REFERENCES users(id),
  constraint sweep_generations_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);

create table sweeps (
  id text not null,
  project_id integer not null,
  name text not null,
  state text not null default 'pending'::text,
  state_reason text,
  generation integer not null default 1,
  method text not null,
  metric_name text,
  metric_goal text not null default 'minimize'::text,
  metric_target double precision,
  run_cap integer,
  seed text not null,
  size numeric(1000,0),
  cursor numeric(1000,0) not null default '0'::numeric,
  exhausted boolean not null default false,
  run_count integer not null default 0,
  created_by integer,
  created_at timestamp(3) with time zone not null default now(),
  started_at timestamp(3) with time zone,
  finished_at timestamp(3) with time zone,
  changed_xid xid8 not null default pg_current_xact_id(),
  budget_hours double precision,
  no_improvement integer,
  least_improvement double precision,
  metrics jsonb,
  targets jsonb,
  priors integer not null default 0,
  constrained boolean not null default false,
  unjudged boolean not null default false,
  outside boolean not null default false,
  constraint sweeps_pkey PRIMARY KEY (id),
  constraint sweeps_created_by_users_id_fk FOREIGN KEY (created_by) REFERENCES users(id),
  constraint sweeps_project_id_projects_id_fk FOREIGN KEY (project_id) REFERENCES projects(id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=50, autovacuum_vacuum_cost_delay=0);
CREATE INDEX sweeps_project_idx ON public.sweeps USING btree (project_id, created_at);

create table system_samples (
  run_id bigint not null,
  attempt integer not null,
  time bigint not null,
  values jsonb not null,
  peaks jsonb,
  constraint system_samples_run_id_attempt_time_pk PRIMARY KEY (run_id, attempt, "time"),
  constraint system_samples_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);

create table team_members (
  entity_id integer not null,
  user_id integer not null,
  role text not null,
  created_at timestamp(3) with time zone not null default now(),
  constraint team_members_entity_id_user_id_pk PRIMARY KEY (entity_id, user_id),
  constraint team_members_entity_id_entities_id_fk FOREIGN KEY (entity_id) REFERENCES entities(id),
  constraint team_members_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users(id)
);

create table users (
  id integer not null generated always as identity,
  entity_id integer not null,
  email text,
  display_name text,
  password_hash text,
  admin boolean not null default false,
  created_at timestamp(3) with time zone not null default now(),
  disabled_at timestamp(3) with time zone,
  password_changed_at timestamp(3) with time zone,
  oidc_issuer text,
  oidc_subject text,
  email_verified_at timestamp(3) with time zone,
  constraint users_pkey PRIMARY KEY (id),
  constraint users_email_unique UNIQUE (email),
  constraint users_entity_id_unique UNIQUE (entity_id),
  constraint users_oidc_key UNIQUE (oidc_issuer, oidc_subject),
  constraint users_entity_id_entities_id_fk FOREIGN KEY (entity_id) REFERENCES entities(id)
);

create table wire_agents (
  agent_id integer not null,
  kind text,
  constraint wire_agents_pkey PRIMARY KEY (agent_id),
  constraint wire_agents_agent_id_agents_id_fk FOREIGN KEY (agent_id) REFERENCES agents(id)
);

create table wire_attempts (
  run_id bigint not null,
  attempt integer not null,
  agent_id integer not null,
  wire_name text not null,
  sent integer not null default 1,
  seen boolean not null default false,
  stop_heard_at timestamp(3) with time zone,
  missed_at timestamp(3) with time zone,
  constraint wire_attempts_run_id_attempt_pk PRIMARY KEY (run_id, attempt),
  constraint wire_attempts_run_id_runs_id_fk FOREIGN KEY (run_id) REFERENCES runs(id)
);
CREATE INDEX wire_attempts_agent_idx ON public.wire_attempts USING btree (agent_id);
CREATE INDEX wire_attempts_name_idx ON public.wire_attempts USING btree (wire_name);

create table wire_sweeps (
  sweep_id text not null,
  key_id integer,
  input_hash bytea not null,
  description text,
  controller jsonb,
  scheduler jsonb,
  created_at timestamp(3) with time zone not null default now(),
  constraint wire_sweeps_pkey PRIMARY KEY (sweep_id),
  constraint wire_sweeps_key_id_api_keys_id_fk FOREIGN KEY (key_id) REFERENCES api_keys(id),
  constraint wire_sweeps_sweep_id_sweeps_id_fk FOREIGN KEY (sweep_id) REFERENCES sweeps(id)
);
CREATE INDEX wire_sweeps_input_idx ON public.wire_sweeps USING btree (input_hash, created_at);

CREATE OR REPLACE FUNCTION public.rungs_follow_run()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
	UPDATE rungs SET counts = NOT counts
	WHERE run_id = NEW.id AND counts <> (attempt = NEW.attempt AND NEW.deleted_at IS NULL);
	RETURN NULL;
END
$function$;

CREATE TRIGGER runs_rungs AFTER UPDATE OF attempt, deleted_at ON public.runs FOR EACH ROW WHEN (((new.sweep_id IS NOT NULL) AND (old.attempt > 0) AND ((old.attempt <> new.attempt) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)))) EXECUTE FUNCTION rungs_follow_run();
