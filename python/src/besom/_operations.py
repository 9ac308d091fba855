"""The GraphQL documents that this package sends (graphql/operations/ has the same for the command line)."""

_FAILURE = "error { code message details }"

CREATE_SWEEP = f"""
mutation CreateSweep($input: CreateSweepInput!) {{
  createSweep(input: $input) {{
    sweep {{ id name path url size runCap agentCommand }}
    warnings {{ code message line column }}
    {_FAILURE}
  }}
}}"""

REGISTER_AGENT = f"""
mutation RegisterAgent($input: RegisterAgentInput!) {{
  registerAgent(input: $input) {{
    agent {{ id }}
    sweep {{
      id name url state program command logPattern metric {{ name goal }} project {{ name entity {{ name }} }}
    }}
    heartbeatMs
    {_FAILURE}
  }}
}}"""

CLAIM_RUN = f"""
mutation ClaimRun($input: ClaimRunInput!) {{
  claimRun(input: $input) {{
    claims {{ runId name displayName attempt params apiKey }}
    directive retryAfterMs reason quarantined
    {_FAILURE}
  }}
}}"""

HEARTBEAT = f"""
mutation Heartbeat($input: HeartbeatInput!) {{
  heartbeat(input: $input) {{ commands {{ runId attempt command }} directive {_FAILURE} }}
}}"""

LOG_METRICS = f"""
mutation LogMetrics($input: LogMetricsInput!) {{
  logMetrics(input: $input) {{ command droppedPoints {_FAILURE} }}
}}"""

LOG_OUTPUT = f"""
mutation LogOutput($input: LogOutputInput!) {{
  logOutput(input: $input) {{ {_FAILURE} }}
}}"""

FINISH_RUN = f"""
mutation FinishRun($input: FinishRunInput!) {{
  finishRun(input: $input) {{ runId state {_FAILURE} }}
}}"""

LEAVE_AGENT = f"""
mutation LeaveAgent($input: LeaveAgentInput!) {{
  leaveAgent(input: $input) {{ {_FAILURE} }}
}}"""

CREATE_RUN = f"""
mutation CreateRun($input: CreateRunInput!) {{
  createRun(input: $input) {{
    run {{ id name displayName url project {{ name entity {{ name }} }} }}
    attempt apiKey
    {_FAILURE}
  }}
}}"""

TAG_RUN = f"""
mutation TagRun($input: TagRunInput!) {{
  tagRun(input: $input) {{ {_FAILURE} }}
}}"""

NOTE_RUN = f"""
mutation NoteRun($input: NoteRunInput!) {{
  noteRun(input: $input) {{ {_FAILURE} }}
}}"""

RESET_MACHINE = f"""
mutation ResetMachine($input: ResetMachineInput!) {{
  resetMachine(input: $input) {{ lifted {_FAILURE} }}
}}"""

DESCRIBE_ATTEMPT = f"""
mutation DescribeAttempt($input: DescribeAttemptInput!) {{
  describeAttempt(input: $input) {{ {_FAILURE} }}
}}"""

LOG_SYSTEM = f"""
mutation LogSystem($input: LogSystemInput!) {{
  logSystem(input: $input) {{ {_FAILURE} }}
}}"""

WARN_RUN = f"""
mutation WarnRun($input: WarnRunInput!) {{
  warnRun(input: $input) {{ {_FAILURE} }}
}}"""

MARK_PREEMPTING = f"""
mutation MarkPreempting($input: MarkPreemptingInput!) {{
  markPreempting(input: $input) {{ {_FAILURE} }}
}}"""
