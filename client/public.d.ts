// Written by scripts/print-client-types.ts. Do not edit: change client/ and run it again.
declare const ERROR_CODES: {
	readonly BAD_INPUT: 400;
	readonly INPUT_TOO_LARGE: 413;
	readonly QUERY_TOO_LARGE: 400;
	readonly PERSISTED_DOCUMENT_NOT_FOUND: 400;
	readonly UNAUTHENTICATED: 401;
	readonly FORBIDDEN: 403;
	readonly NOT_FOUND: 404;
	readonly NAME_TAKEN: 409;
	readonly NAME_RESERVED: 400;
	readonly RATE_LIMITED: 429;
	readonly CONFIG_INVALID: 400;
	readonly METHOD_NOT_YET: 400;
	readonly GRID_CONTINUOUS: 400;
	readonly GRID_ENTANGLED: 400;
	readonly CONSTRAINTS_LEAVE_NOTHING: 400;
	readonly ILLEGAL_MOVE: 409;
	readonly SWEEP_NOT_RUNNING: 409;
	readonly STALE_ATTEMPT: 409;
	readonly AGENT_UNKNOWN: 404;
	readonly IDEMPOTENCY_MISMATCH: 409;
	readonly BATCH_OUT_OF_ORDER: 409;
	readonly ENGINE_CHANGED: 409;
	readonly DATABASE_URL_INVALID: 500;
	readonly DATABASE_UNREACHABLE: 503;
	readonly DATABASE_NEWER: 500;
	readonly DATABASE_TOO_OLD: 500;
	readonly DATA_DIR_IN_USE: 500;
	readonly DATA_DIR_VERSION: 500;
	readonly DATA_DIR_UNREACHABLE: 500;
	readonly EMBEDDED_FAILED: 500;
	readonly ARCHIVE_INVALID: 400;
	readonly DATABASE_NOT_EMPTY: 409;
	readonly PORT_IN_USE: 500;
	readonly UNAVAILABLE: 503;
	readonly DISK_FULL: 507;
	readonly BAD_USAGE: 400;
	readonly STEP_BACKWARDS: 400;
	readonly SERVER_UNREACHABLE: 503;
	readonly COMMAND_NOT_STARTED: 500;
	readonly FAILING_AT_ONCE: 500;
	readonly TIMED_OUT: 504;
	readonly INTERNAL: 500;
};
export type ErrorCode = keyof typeof ERROR_CODES;
export interface AppErrorOptions {
	cause?: unknown;
	/** Facts a program can use: the value, where it stood, what was expected. Never a secret. */
	details?: Readonly<Record<string, unknown>>;
}
/** An expected failure: one clear sentence that names the value and what was expected, with a stable code. */
declare class AppError extends Error {
	readonly name = "AppError";
	readonly code: ErrorCode;
	readonly details: Readonly<Record<string, unknown>>;
	constructor(code: ErrorCode, message: string, { cause, details }?: AppErrorOptions);
	get status(): number;
}
declare const RUN_STATES: readonly [
	"pending",
	"running",
	"finished",
	"failed",
	"crashed",
	"killed",
	"preempting",
	"preempted"
];
export type RunState = (typeof RUN_STATES)[number];
declare const FINISH_STATES: readonly [
	"finished",
	"failed",
	"crashed",
	"killed",
	"preempted"
];
export type FinishState = (typeof FINISH_STATES)[number];
declare const WARNING_CODES: readonly [
	"METRIC_NEVER_LOGGED",
	"PARAMETER_NEVER_READ",
	"UNKNOWN_MACRO",
	"STEP_BACKWARDS",
	"OUTPUT_CUT",
	"METRICS_REFUSED",
	"ALERT"
];
export type WarningCode = (typeof WARNING_CODES)[number];
declare const SWEEP_STATES: readonly [
	"pending",
	"running",
	"paused",
	"finished",
	"canceled"
];
export type SweepState = (typeof SWEEP_STATES)[number];
declare const SWEEP_ACTIONS: readonly [
	"pause",
	"resume",
	"stop",
	"cancel"
];
export type SweepAction = (typeof SWEEP_ACTIONS)[number];
export type Goal = "minimize" | "maximize";
/** What every payload's `error` holds when the verb was refused; absent (null) when it was done. */
export interface Failure {
	/** One of `core/errors.ts`; a server newer than this client may send others. */
	code: string;
	message: string;
	details: unknown;
}
/** Ask for it with `error { ...Failure }`. */
export declare const FAILURE_FRAGMENT = "\n  fragment Failure on Failure { code message details }\n";
export interface DocumentTypeDecoration<TResult, TVariables> {
	/**
	 * This type is used to ensure that the variables you pass in to the query are assignable to Variables
	 * and that the Result is assignable to whatever you pass your result to. The method is never actually
	 * implemented, but the type is valid because we list it as optional
	 */
	__apiType?: (variables: TVariables) => TResult;
}
export interface TypedDocumentNode<TResult = {
	[key: string]: any;
}, TVariables = {
	[key: string]: any;
}> extends DocumentTypeDecoration<TResult, TVariables> {
}
export interface RegisterAgentInput {
	/** An id or a full path `entity/project/id`. */
	sweepId: string;
	host: string;
	pid?: number;
	slots?: number;
	version?: string;
	/** One word a device that it hands out, such as "0: NVIDIA A100 80GB". */
	gpus?: string[];
	cwd?: string;
	clientMutationId?: string;
}
export declare const RegisterAgent: TypedDocumentNode<{
	registerAgent: {
		agent: {
			id: string;
		} | null;
		sweep: {
			id: string;
			name: string;
			url: string;
			state: SweepState;
			/** The training program, and the command as argv words with macros; null means W&B's default command. */
			program: string | null;
			command: string[] | null;
			metric: {
				name: string;
				goal: Goal;
			} | null;
			/** Regular expressions (RE2) with named groups, to be held against each line of stdout. */
			logPattern: string[] | null;
			project: {
				name: string;
				entity: {
					name: string;
				};
			};
		} | null;
		heartbeatMs: number | null;
		error: Failure | null;
	};
}, {
	input: RegisterAgentInput;
}>;
export interface Claim {
	runId: string;
	name: string;
	displayName: string;
	attempt: number;
	/** JSON text: read it with `parseJson`, which tells 1.0 from 1. */
	params: string;
	/** Valid for this run and attempt only; given to the child process. */
	apiKey: string;
	/** An earlier attempt of the same run ended before its time. */
	resumed: boolean;
	leaseExpiresAt: string | null;
}
export type ClaimDirective = "RUN" | "WAIT" | "PAUSED" | "EXIT";
export declare const ClaimRun: TypedDocumentNode<{
	claimRun: {
		claims: Claim[];
		/** Null only beside an error. */
		directive: ClaimDirective | null;
		retryAfterMs: number | null;
		reason: string | null;
		/** EXIT, because runs on this machine failed one after another. */
		quarantined: boolean;
		error: Failure | null;
	};
}, {
	input: {
		sweepId: string;
		agentId: string;
		count?: number;
		clientMutationId?: string;
	};
}>;
export interface AttemptRef {
	runId: string;
	attempt: number;
}
/** Told once: which process an attempt became. */
export interface StartedProcess extends AttemptRef {
	pid: number;
	command: string[];
	/** Which of the agent's slots it has, from 0. */
	slot?: number;
	/** What CUDA_VISIBLE_DEVICES says there. */
	device?: string;
}
export type AttemptCommand = "STALE" | "STOP" | "CANCEL";
/** DRAIN: take no more, leave when all have ended. STOP: hand back what is under way, and leave. EXIT: end everything and leave. */
export type HeartbeatDirective = "CONTINUE" | "DRAIN" | "STOP" | "EXIT";
export declare const Heartbeat: TypedDocumentNode<{
	heartbeat: {
		commands: (AttemptRef & {
			command: AttemptCommand;
		})[];
		directive: HeartbeatDirective | null;
		leaseMs: number | null;
		error: Failure | null;
	};
}, {
	input: {
		agentId?: string;
		attempts: AttemptRef[];
		started?: StartedProcess[];
		/** The answer waits so long, up to 20,000, for a command or a directive other than CONTINUE. */
		waitMs?: number;
	};
}>;
/** Columnar: `series[i].values[j]` belongs to `steps[j]`; null is "not logged at this step". */
export interface MetricBatch {
	attempt: number;
	/** Numbered from 1 within the attempt; a repeated batch is acknowledged and ignored. */
	batch: number;
	steps: number[];
	/** Milliseconds since 1970, one a step. */
	times: number[];
	/** Non-finite numbers as "NaN", "Infinity", "-Infinity". */
	series: {
		key: string;
		values: unknown[];
	}[];
}
export declare const LogMetrics: TypedDocumentNode<{
	logMetrics: {
		/** What shall become of the process, as a heartbeat says it. */
		command: AttemptCommand | null;
		error: Failure | null;
	};
}, {
	input: {
		runId: string;
		batch: MetricBatch;
	};
}>;
export interface OutputLine {
	stream: "stdout" | "stderr";
	/** Milliseconds since 1970. */
	time: number;
	/** Line ends included. */
	text: string;
}
export declare const LogOutput: TypedDocumentNode<{
	logOutput: {
		error: Failure | null;
	};
}, {
	input: {
		runId: string;
		attempt: number;
		batch: number;
		lines: OutputLine[];
	};
}>;
export interface FinishRunInput extends AttemptRef {
	state: FinishState;
	exitCode?: number;
	reason?: string;
	/** One sentence for people. */
	detail?: string;
	clientMutationId?: string;
}
export declare const FinishRun: TypedDocumentNode<{
	/** The run's state afterwards: `pending` when it went back into the queue. */
	finishRun: {
		runId: string | null;
		state: RunState | null;
		error: Failure | null;
	};
}, {
	input: FinishRunInput;
}>;
export declare const LeaveAgent: TypedDocumentNode<{
	leaveAgent: {
		error: Failure | null;
	};
}, {
	input: {
		agentId: string;
	};
}>;
export declare const DrainAgent: TypedDocumentNode<{
	drainAgent: {
		agent: {
			id: string;
		} | null;
		error: Failure | null;
	};
}, {
	input: {
		agentId: string;
		clientMutationId?: string;
	};
}>;
export declare const StopAgent: TypedDocumentNode<{
	stopAgent: {
		agent: {
			id: string;
		} | null;
		error: Failure | null;
	};
}, {
	input: {
		agentId: string;
		clientMutationId?: string;
	};
}>;
export declare const ResetMachine: TypedDocumentNode<{
	resetMachine: {
		lifted: boolean | null;
		error: Failure | null;
	};
}, {
	input: {
		sweepId: string;
		host: string;
		clientMutationId?: string;
	};
}>;
export declare const MarkPreempting: TypedDocumentNode<{
	markPreempting: {
		marked: number | null;
		error: Failure | null;
	};
}, {
	input: {
		attempts: AttemptRef[];
	};
}>;
/** What an attempt was, as far as whoever started it found out. At most 64 KiB as JSON. */
export interface AttemptFacts {
	argv?: string[];
	cwd?: string;
	host?: string;
	user?: string;
	os?: string;
	cpu?: {
		model?: string;
		count?: number;
	};
	memoryBytes?: number;
	node?: string;
	python?: string;
	/** Versions by name. */
	packages?: Record<string, string>;
	git?: {
		root?: string;
		remote?: string;
		commit?: string;
		branch?: string;
		dirty?: boolean;
		/** Of the whole diff, and whether less of it was sent. */
		diffBytes?: number;
		diffCut?: boolean;
	};
	gpus?: {
		index?: number;
		name?: string;
		memoryBytes?: number;
	}[];
}
export declare const DescribeAttempt: TypedDocumentNode<{
	describeAttempt: {
		error: Failure | null;
	};
}, {
	input: AttemptRef & {
		facts: AttemptFacts;
		diff?: string;
	};
}>;
/** Which try at a run is the current one. */
export declare const RunAttempt: TypedDocumentNode<{
	run: {
		attempt: number;
	} | null;
}, {
	id: string;
}>;
export declare const DateRun: TypedDocumentNode<{
	dateRun: {
		error: Failure | null;
	};
}, {
	input: {
		runId: string;
		startedAt?: string;
		finishedAt?: string;
	};
}>;
export interface SystemSample {
	timeMs: number;
	/** Finite numbers by name. */
	values: Record<string, number>;
}
export declare const LogSystem: TypedDocumentNode<{
	logSystem: {
		error: Failure | null;
	};
}, {
	input: AttemptRef & {
		samples: SystemSample[];
	};
}>;
export declare const WarnRun: TypedDocumentNode<{
	warnRun: {
		error: Failure | null;
	};
}, {
	input: AttemptRef & {
		warnings: {
			code: WarningCode;
			message: string;
		}[];
	};
}>;
/** Whether a run has ever logged a metric, by whichever way. */
export declare const HasMetric: TypedDocumentNode<{
	run: {
		metric: {
			count: number;
		} | null;
	} | null;
}, {
	id: string;
	name: string;
}>;
declare const OPERATORS: readonly [
	"eq",
	"ne",
	"lt",
	"le",
	"gt",
	"ge",
	"in",
	"notIn",
	"exists",
	"contains",
	"startsWith",
	"endsWith"
];
export type Operator = (typeof OPERATORS)[number];
declare const METRIC_STATS: readonly [
	"last",
	"min",
	"max",
	"mean",
	"first",
	"count"
];
export type MetricStat = (typeof METRIC_STATS)[number];
declare const PROJECT_FIELDS: {
	/** Projects are numbered in the order in which they were made. */
	readonly id: {
		readonly kind: "integer";
		readonly asText: true;
	};
	readonly name: {
		readonly kind: "text";
	};
	readonly entity: {
		readonly kind: "text";
	};
	readonly description: {
		readonly kind: "text";
	};
	readonly createdAt: {
		readonly kind: "time";
	};
	/** When something last happened in it. */
	readonly activeAt: {
		readonly kind: "time";
	};
};
export type ProjectField = keyof typeof PROJECT_FIELDS;
/**
 * Which runs, and in which order: one JSON shape for the API, for the pages' addresses and for whoever else asks.
 *
 *     { "and": [
 *       { "field": "state", "op": "in", "value": ["finished", "running"] },
 *       { "param": "optimizer.lr", "op": "lt", "value": 0.01 },
 *       { "metric": "val/loss", "stat": "min", "op": "le", "value": 0.2 } ] }
 *     [ { "field": "objective", "direction": "best" }, { "param": "epochs", "direction": "desc" } ]
 */
export type RunFilter = {
	readonly and: readonly RunFilter[];
} | {
	readonly or: readonly RunFilter[];
} | {
	readonly not: RunFilter;
} | (RunSubject & {
	readonly op: Operator;
	/** Absent for `exists` alone. */
	readonly value?: unknown;
});
export type RunSubject = {
	readonly field: RunField;
} | {
	readonly param: string;
} | {
	readonly metric: string;
	/** last when absent. */
	readonly stat?: MetricStat;
};
declare const RUN_FIELDS: {
	/** Runs are numbered in the order in which they were made. */
	readonly id: {
		readonly kind: "integer";
		readonly asText: true;
	};
	readonly state: {
		readonly kind: "word";
		readonly words: readonly [
			"pending",
			"running",
			"finished",
			"failed",
			"crashed",
			"killed",
			"preempting",
			"preempted"
		];
	};
	readonly stateReason: {
		readonly kind: "text";
	};
	readonly name: {
		readonly kind: "text";
	};
	readonly displayName: {
		readonly kind: "text";
	};
	readonly notes: {
		readonly kind: "text";
	};
	readonly host: {
		readonly kind: "text";
	};
	readonly sweep: {
		readonly kind: "text";
	};
	readonly tags: {
		readonly kind: "set";
	};
	readonly createdAt: {
		readonly kind: "time";
	};
	readonly startedAt: {
		readonly kind: "time";
	};
	readonly finishedAt: {
		readonly kind: "time";
	};
	/** Seconds since its first attempt began, until it ended or until now. */
	readonly duration: {
		readonly kind: "number";
	};
	readonly ordinal: {
		readonly kind: "integer";
	};
	readonly attempt: {
		readonly kind: "integer";
	};
	readonly crashes: {
		readonly kind: "integer";
	};
	readonly preemptions: {
		readonly kind: "integer";
	};
	readonly generation: {
		readonly kind: "integer";
	};
	readonly exitCode: {
		readonly kind: "integer";
	};
	readonly objective: {
		readonly kind: "number";
	};
};
export type RunField = keyof typeof RUN_FIELDS;
/** What the command line asks. */
export declare const CheckKey: TypedDocumentNode<{
	viewer: {
		name: string;
		entity: {
			name: string;
		};
	} | null;
	serverInfo: {
		version: string;
		url: string;
	};
}, Record<string, never>>;
/** A run as the terminal shows it. */
export interface ListedRun {
	id: string;
	name: string;
	displayName: string;
	ordinal: number | null;
	state: RunState;
	stateReason: string | null;
	stateDetail: string | null;
	/** JSON text: read it with `parseJson`. */
	params: string;
	objective: number | null;
	exitCode: number | null;
	attempt: number;
	createdAt: string;
	startedAt: string | null;
	finishedAt: string | null;
}
export interface ListedSweep {
	id: string;
	name: string;
	path: string;
	url: string;
	state: SweepState;
	metric: {
		name: string;
		goal: Goal;
	} | null;
}
export interface Page<Node> {
	totalCount: number;
	nodes: Node[];
	pageInfo: {
		hasNextPage: boolean;
		endCursor: string | null;
	};
}
export declare const ListRuns: TypedDocumentNode<{
	sweep: (ListedSweep & {
		runs: Page<ListedRun>;
	}) | null;
}, {
	id: string;
	first: number;
	after: string | null;
	filter: RunFilter | null;
}>;
/** Which run of a sweep is meant by a name for people, a name in paths, or a number. */
export declare const FindRun: TypedDocumentNode<{
	sweep: {
		runs: {
			nodes: {
				id: string;
			}[];
		};
	} | null;
}, {
	sweepId: string;
	filter: RunFilter;
}>;
export interface DownloadedFile {
	name: string;
	size: number;
	md5: string | null;
	updatedAt: string;
	url: string;
}
/** Of a run by its number, or by entity, project and name. */
export declare const ListRunFiles: TypedDocumentNode<{
	run: {
		id: string;
		files: Page<DownloadedFile>;
	} | null;
}, {
	id: string | null;
	entity: string | null;
	project: string | null;
	name: string | null;
	prefix: string;
	first: number;
	after: string | null;
}>;
export declare const StopListedRun: TypedDocumentNode<{
	stopRun: {
		run: ListedRun | null;
		error: Failure | null;
	};
}, {
	input: {
		runId: string;
		clientMutationId?: string;
	};
}>;
export type ProjectFilter = {
	readonly and: readonly ProjectFilter[];
} | {
	readonly field: ProjectField;
	readonly op: "eq";
	readonly value: string;
};
/** A sweep in a list of those of several projects. */
export interface SweepOfProject extends ListedSweep {
	method: string;
	createdAt: string;
	counts: {
		total: number;
		running: number;
		finished: number;
	};
	bestRun: {
		objective: number | null;
	} | null;
}
export declare const ListSweeps: TypedDocumentNode<{
	projects: {
		nodes: {
			sweeps: {
				nodes: SweepOfProject[];
			};
		}[];
	};
}, {
	filter: ProjectFilter | null;
	first: number;
}>;
/** The last, least and greatest value of each metric that a run logged. */
export interface ExportedRun extends ListedRun {
	summary: {
		name: string;
		count: number;
		last: number | null;
		min: number | null;
		max: number | null;
	}[];
}
export declare const ExportRuns: TypedDocumentNode<{
	sweep: (ListedSweep & {
		runs: Page<ExportedRun>;
	}) | null;
}, {
	id: string;
	first: number;
	after: string | null;
}>;
export declare const BestRun: TypedDocumentNode<{
	sweep: (ListedSweep & {
		program: string | null;
		command: string[] | null;
		constrained: boolean;
		counts: {
			total: number;
			finished: number;
		};
		bestRun: (ListedRun & {
			objectiveStep: number | null;
			url: string;
		}) | null;
	}) | null;
}, {
	id: string;
}>;
/** A run outside any sweep: a training program that reports by itself. */
export declare const CreateRun: TypedDocumentNode<{
	createRun: {
		run: {
			id: string;
			name: string;
			url: string;
		} | null;
		attempt: number | null;
		/** Valid for this run and attempt only. */
		apiKey: string | null;
		error: Failure | null;
	};
}, {
	input: {
		entity?: string;
		project?: string;
		name?: string;
		displayName?: string;
		params?: string;
		clientMutationId?: string;
	};
}>;
/**
 * One operation that a client, a page or the agent sends, with the shape of its answer and of its variables.
 * The types are written beside the text by hand; test/graphql/operations.test.ts validates every document
 * against the schema, and compares the fields that the types promise with those that the text asks for.
 */
export declare function toDocument<Result, Variables extends Record<string, unknown> = Record<string, never>>(source: string): TypedDocumentNode<Result, Variables>;
/** The text as it goes over the wire: byte for byte the same each time, so the server's document cache hits. */
export declare function textOf<Result, Variables>(document: TypedDocumentNode<Result, Variables>): string;
/** What stands for the text: the server knows the documents of this folder by their SHA-256. */
export declare function idOf<Result, Variables>(document: TypedDocumentNode<Result, Variables>): string;
export interface CreateSweepInput {
	entity?: string;
	project?: string;
	/** The file's text (YAML or JSON). Preferred: JSON text tells 1.0 from 1, a JSON value no longer does. */
	source?: string;
	json?: unknown;
	name?: string;
	/** Names or ids of runs. */
	priorRuns?: readonly string[];
	clientMutationId?: string;
}
export interface Warning {
	code: string;
	message: string;
	path: string[];
	line: number | null;
	column: number | null;
}
export interface CreatedSweep {
	id: string;
	name: string;
	/** `entity/project/id`, what the agent command takes. */
	path: string;
	url: string;
	state: SweepState;
	/** Decimal text; null when the sweep has no end. */
	size: string | null;
	/** At most this many runs. */
	runCap: number | null;
	agentCommand: string;
	/** The same on a machine without the clone. */
	workerCommand: string;
}
export declare const CreateSweep: TypedDocumentNode<{
	createSweep: {
		sweep: CreatedSweep | null;
		warnings: Warning[];
		error: Failure | null;
	};
}, {
	input: CreateSweepInput;
}>;
export declare const UpdateSweep: TypedDocumentNode<{
	updateSweep: {
		sweep: CreatedSweep | null;
		warnings: Warning[];
		/** What is another one now, and what that means for the runs so far. */
		changes: {
			path: string;
			before: string | null;
			after: string | null;
			effect: string | null;
		}[];
		error: Failure | null;
	};
}, {
	input: {
		sweepId: string;
		source?: string;
		json?: unknown;
		name?: string;
		clientMutationId?: string;
	};
}>;
export interface ControlResult {
	control: {
		sweep: {
			id: string;
			state: SweepState;
			stateReason: string | null;
			allowedActions: SweepAction[];
		} | null;
		error: Failure | null;
	};
}
export declare const PauseSweep: TypedDocumentNode<ControlResult, {
	input: {
		sweepId: string;
		clientMutationId?: string;
	};
}>;
export declare const ResumeSweep: TypedDocumentNode<ControlResult, {
	input: {
		sweepId: string;
		clientMutationId?: string;
	};
}>;
export declare const StopSweep: TypedDocumentNode<ControlResult, {
	input: {
		sweepId: string;
		clientMutationId?: string;
	};
}>;
export declare const CancelSweep: TypedDocumentNode<ControlResult, {
	input: {
		sweepId: string;
		clientMutationId?: string;
	};
}>;
/** What `besom watch` shows, once a second. */
export interface WatchedRun {
	displayName: string;
	state: RunState;
	/** JSON text: read it with `parseJson`. */
	params: string;
	objective: number | null;
	startedAt: string | null;
	finishedAt: string | null;
}
export interface WatchedSweep {
	id: string;
	name: string;
	url: string;
	method: string;
	state: SweepState;
	stateReason: string | null;
	/** Points of a finite space, as text. */
	size: string | null;
	runCap: number | null;
	startedAt: string | null;
	finishedAt: string | null;
	metric: {
		name: string;
		goal: Goal;
	} | null;
	counts: Record<RunState | "total", number>;
	bestRun: WatchedRun | null;
	agents: {
		host: string;
		slots: number;
		state: "alive" | "lost" | "exited";
		currentRuns: {
			id: string;
		}[];
		runsDone: number;
		runsFailed: number;
	}[];
	running: {
		totalCount: number;
		nodes: WatchedRun[];
	};
	ended: {
		totalCount: number;
		nodes: WatchedRun[];
	};
}
export declare const WatchSweep: TypedDocumentNode<{
	sweep: WatchedSweep | null;
}, {
	id: string;
	rows: number;
}>;
export interface TransportOptions {
	/** The server's address, with a path prefix where a proxy has one. */
	url: string;
	/** Sent as a bearer token. */
	key?: string;
	userAgent?: string;
}
/** Asks the server, and keeps asking while it is away: every document of ours may be sent twice without harm. */
export interface Client {
	readonly url: string;
	query<R, V extends Variables>(document: TypedDocumentNode<R, V>, variables: NoInfer<V>, options?: Patience): Promise<R>;
	/** Sends a mutation of one field and gives its payload; a payload with an `error` is thrown. */
	mutate<R extends object, V extends Variables>(document: TypedDocumentNode<R, V>, variables: NoInfer<V>, options?: Patience): Promise<R[keyof R]>;
	close(): Promise<void>;
}
export type Variables = Record<string, unknown>;
export interface Patience {
	/** How long a server that is away is asked again; Infinity for work that must arrive. Default 10 s. */
	patienceMs?: number;
	/** How long one try waits for its answer. Default 10 s, or the patience where that is less. */
	requestMs?: number;
	/** Ends the retries at once (the try under way too) with the last trouble. */
	signal?: AbortSignal;
	/** Called after each try that failed and will be repeated. */
	onTrouble?: (error: AppError, attempt: number) => void;
}
export interface ClientOptions extends TransportOptions {
	/** How long a server that is away is asked again where a request doesn't say. */
	patienceMs?: number;
}
export declare function openClient(options: ClientOptions): Client;
/** Which server to ask, and as whom. */
export interface Credentials {
	url: string;
	/** Absent when none was found: some questions need none. */
	key?: string;
	/** Where both came from, for messages. */
	from: string;
}
export type Env = Readonly<Record<string, string | undefined>>;
/**
 * `BESOM_URL` and `BESOM_API_KEY`; what is missing comes from the profile that `BESOM_PROFILE` names, else from the
 * server that handed this client out, else from the default one of those that `besom login` keeps, else from the file that
 * a server on this machine writes for its own user.
 * @throws AppError BAD_USAGE when BESOM_PROFILE names no profile
 */
export declare function findCredentials(env?: Env): Credentials;
/** What a training program written in TypeScript or JavaScript holds while it trains. */
export interface TrainingRun {
	/** The parameters: those of the sweep win over the defaults given to `init`. */
	readonly config: Readonly<Record<string, unknown>>;
	/** Never waits. Steps go forward; without one, it is the step after the last. The same step merges. */
	log(metrics: Readonly<Record<string, unknown>>, step?: number): void;
	/** A folder to save in that every attempt of this run gets again; absent without an agent. */
	readonly checkpointDir: string | undefined;
	/** Says, before anything is logged, that the program goes on behind this step of an earlier attempt. */
	resumedFrom(step: number): void;
	/** Resolves when everything is with the server. Under an agent the exit code decides, and this only returns. */
	finish(state?: FinishState): Promise<void>;
}
export interface InitOptions {
	/** Parameters that the program uses when no sweep sets them. */
	config?: Readonly<Record<string, unknown>>;
	/** For a run outside a sweep. */
	project?: string;
	entity?: string;
	name?: string;
}
/**
 * The run that this process is. Started by an agent it reports through the agent (as lines of JSON on stdout, so that
 * there is one writer, one order and one buffer); started by hand it is a run of its own on the server.
 */
export declare function init(options?: InitOptions): Promise<TrainingRun>;

export {
	AppError as BesomError,
};

export {};
