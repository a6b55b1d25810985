from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

BUCKET_UNIT_DAY: BucketUnit
BUCKET_UNIT_MONTH: BucketUnit
BUCKET_UNIT_UNSPECIFIED: BucketUnit
BUCKET_UNIT_YEAR: BucketUnit
COMMAND_PURPOSE_EXECUTION: CommandPurpose
COMMAND_PURPOSE_SESSION: CommandPurpose
COMMAND_PURPOSE_STATEMENT: CommandPurpose
COMMAND_PURPOSE_UNSPECIFIED: CommandPurpose
DESCRIPTOR: _descriptor.FileDescriptor
DURABILITY_SYNCED: Durability
DURABILITY_UNSPECIFIED: Durability
DURABILITY_WRITTEN: Durability
KIND_CANCEL: Kind
KIND_FAILED: Kind
KIND_HOLD_CLOSE: Kind
KIND_HOLD_CLOSED: Kind
KIND_HOLD_PENDING: Kind
KIND_JUDGE: Kind
KIND_JUDGED: Kind
KIND_MASK: Kind
KIND_MASKED: Kind
KIND_PING: Kind
KIND_PONG: Kind
KIND_RECORD: Kind
KIND_RECORDED: Kind
KIND_UNSPECIFIED: Kind
LANE_AUDIT: Lane
LANE_PRESENCE: Lane
LANE_REQUEST: Lane
LANE_RESPONSE: Lane
LANE_UNSPECIFIED: Lane
MASK_STYLE_BUCKET: MaskStyle
MASK_STYLE_DROP: MaskStyle
MASK_STYLE_HASH: MaskStyle
MASK_STYLE_NULL: MaskStyle
MASK_STYLE_PARTIAL: MaskStyle
MASK_STYLE_REDACT: MaskStyle
MASK_STYLE_SHIFT: MaskStyle
MASK_STYLE_TOKENIZE: MaskStyle
MASK_STYLE_UNSPECIFIED: MaskStyle
RECORDING_LEVEL_COMMANDS: RecordingLevel
RECORDING_LEVEL_FULL: RecordingLevel
RECORDING_LEVEL_METADATA: RecordingLevel
RECORDING_LEVEL_UNSPECIFIED: RecordingLevel
VERDICT_ALLOW: Verdict
VERDICT_HOLD: Verdict
VERDICT_REFUSE: Verdict
VERDICT_UNSPECIFIED: Verdict

class Annotation(_message.Message):
    __slots__ = ["name", "stage", "value"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    stage: str
    value: str
    def __init__(self, stage: _Optional[str] = ..., name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class AuditEvent(_message.Message):
    __slots__ = ["fields", "name"]
    class FieldsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    fields: _containers.ScalarMap[str, str]
    name: str
    def __init__(self, name: _Optional[str] = ..., fields: _Optional[_Mapping[str, str]] = ...) -> None: ...

class BlockManifest(_message.Message):
    __slots__ = ["notices", "runs", "time_us"]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    notices: _containers.RepeatedScalarFieldContainer[str]
    runs: _containers.RepeatedCompositeFieldContainer[SessionRun]
    time_us: int
    def __init__(self, runs: _Optional[_Iterable[_Union[SessionRun, _Mapping]]] = ..., notices: _Optional[_Iterable[str]] = ..., time_us: _Optional[int] = ...) -> None: ...

class Cancel(_message.Message):
    __slots__ = ["key", "protocol"]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    protocol: str
    def __init__(self, protocol: _Optional[str] = ..., key: _Optional[bytes] = ...) -> None: ...

class Cascade(_message.Message):
    __slots__ = ["columns", "keys", "name", "on_delete", "on_update", "schema"]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ON_DELETE_FIELD_NUMBER: _ClassVar[int]
    ON_UPDATE_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    keys: _containers.RepeatedScalarFieldContainer[str]
    name: str
    on_delete: str
    on_update: str
    schema: str
    def __init__(self, schema: _Optional[str] = ..., name: _Optional[str] = ..., on_delete: _Optional[str] = ..., on_update: _Optional[str] = ..., keys: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[str]] = ...) -> None: ...

class Catalog(_message.Message):
    __slots__ = ["complete", "relations", "search_path"]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_PATH_FIELD_NUMBER: _ClassVar[int]
    complete: bool
    relations: _containers.RepeatedCompositeFieldContainer[Relation]
    search_path: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, complete: bool = ..., search_path: _Optional[_Iterable[str]] = ..., relations: _Optional[_Iterable[_Union[Relation, _Mapping]]] = ...) -> None: ...

class ColumnMask(_message.Message):
    __slots__ = ["parameters", "paths", "pattern", "refuse_on_failure", "rule", "style"]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    REFUSE_ON_FAILURE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    STYLE_FIELD_NUMBER: _ClassVar[int]
    parameters: StyleParameters
    paths: _containers.RepeatedScalarFieldContainer[str]
    pattern: str
    refuse_on_failure: bool
    rule: str
    style: MaskStyle
    def __init__(self, pattern: _Optional[str] = ..., style: _Optional[_Union[MaskStyle, str]] = ..., rule: _Optional[str] = ..., parameters: _Optional[_Union[StyleParameters, _Mapping]] = ..., refuse_on_failure: bool = ..., paths: _Optional[_Iterable[str]] = ...) -> None: ...

class CommandReceived(_message.Message):
    __slots__ = ["command", "digest", "memoised", "message", "parameters", "portal_name", "raw", "recording", "recording_rule", "statement_name", "text", "undecided"]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    MEMOISED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    PORTAL_NAME_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    RECORDING_RULE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    UNDECIDED_FIELD_NUMBER: _ClassVar[int]
    command: int
    digest: bytes
    memoised: DecisionMade
    message: str
    parameters: _containers.RepeatedCompositeFieldContainer[Parameter]
    portal_name: str
    raw: bytes
    recording: RecordingLevel
    recording_rule: str
    statement_name: str
    text: str
    undecided: bool
    def __init__(self, command: _Optional[int] = ..., text: _Optional[str] = ..., raw: _Optional[bytes] = ..., digest: _Optional[bytes] = ..., parameters: _Optional[_Iterable[_Union[Parameter, _Mapping]]] = ..., message: _Optional[str] = ..., memoised: _Optional[_Union[DecisionMade, _Mapping]] = ..., statement_name: _Optional[str] = ..., portal_name: _Optional[str] = ..., recording: _Optional[_Union[RecordingLevel, str]] = ..., recording_rule: _Optional[str] = ..., undecided: bool = ...) -> None: ...

class CommandResult(_message.Message):
    __slots__ = ["bytes", "columns", "command", "error", "input", "masked", "omitted", "output", "output_omitted_bytes", "recording", "recording_rule", "rows", "sent_us", "sqlstate", "status", "tag"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    OMITTED_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_OMITTED_BYTES_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    RECORDING_RULE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SENT_US_FIELD_NUMBER: _ClassVar[int]
    SQLSTATE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    columns: _containers.RepeatedCompositeFieldContainer[ResultColumn]
    command: int
    error: str
    input: Input
    masked: _containers.RepeatedCompositeFieldContainer[EntityCount]
    omitted: Omission
    output: bytes
    output_omitted_bytes: int
    recording: RecordingLevel
    recording_rule: str
    rows: int
    sent_us: int
    sqlstate: str
    status: str
    tag: str
    def __init__(self, command: _Optional[int] = ..., tag: _Optional[str] = ..., sqlstate: _Optional[str] = ..., error: _Optional[str] = ..., rows: _Optional[int] = ..., bytes: _Optional[int] = ..., masked: _Optional[_Iterable[_Union[EntityCount, _Mapping]]] = ..., output_omitted_bytes: _Optional[int] = ..., output: _Optional[bytes] = ..., status: _Optional[str] = ..., columns: _Optional[_Iterable[_Union[ResultColumn, _Mapping]]] = ..., recording: _Optional[_Union[RecordingLevel, str]] = ..., recording_rule: _Optional[str] = ..., omitted: _Optional[_Union[Omission, _Mapping]] = ..., input: _Optional[_Union[Input, _Mapping]] = ..., sent_us: _Optional[int] = ...) -> None: ...

class CopyShape(_message.Message):
    __slots__ = ["columns", "delimiter", "escape", "format", "header", "null_string", "out", "quote", "table"]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    DELIMITER_FIELD_NUMBER: _ClassVar[int]
    ESCAPE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    IN_FIELD_NUMBER: _ClassVar[int]
    NULL_STRING_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    delimiter: str
    escape: str
    format: str
    header: bool
    null_string: str
    out: bool
    quote: str
    table: str
    def __init__(self, out: bool = ..., table: _Optional[str] = ..., columns: _Optional[_Iterable[str]] = ..., format: _Optional[str] = ..., delimiter: _Optional[str] = ..., null_string: _Optional[str] = ..., quote: _Optional[str] = ..., escape: _Optional[str] = ..., header: bool = ..., **kwargs) -> None: ...

class Decision(_message.Message):
    __slots__ = ["annotations", "context", "decided_at_ms", "digest", "events", "facts", "hint", "hold", "hold_id", "identity", "least_recording", "limits", "mask", "policy_epoch", "pure", "purpose", "reason", "recording", "recording_rule", "resource", "reviews", "rule", "seen", "sequence", "session", "stage", "verdict", "wants_estimate"]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    HOLD_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    LEAST_RECORDING_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    POLICY_EPOCH_FIELD_NUMBER: _ClassVar[int]
    PURE_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    RECORDING_RULE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    REVIEWS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    WANTS_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    annotations: _containers.RepeatedCompositeFieldContainer[Annotation]
    context: bytes
    decided_at_ms: int
    digest: bytes
    events: _containers.RepeatedCompositeFieldContainer[AuditEvent]
    facts: Facts
    hint: str
    hold: Hold
    hold_id: str
    identity: str
    least_recording: RecordingLevel
    limits: Limits
    mask: MaskPlan
    policy_epoch: bytes
    pure: bool
    purpose: CommandPurpose
    reason: str
    recording: RecordingLevel
    recording_rule: str
    resource: str
    reviews: _containers.RepeatedCompositeFieldContainer[Review]
    rule: str
    seen: bytes
    sequence: int
    session: str
    stage: str
    verdict: Verdict
    wants_estimate: bool
    def __init__(self, stage: _Optional[str] = ..., digest: _Optional[bytes] = ..., session: _Optional[str] = ..., sequence: _Optional[int] = ..., identity: _Optional[str] = ..., resource: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., policy_epoch: _Optional[bytes] = ..., rule: _Optional[str] = ..., reason: _Optional[str] = ..., hint: _Optional[str] = ..., hold: _Optional[_Union[Hold, _Mapping]] = ..., mask: _Optional[_Union[MaskPlan, _Mapping]] = ..., facts: _Optional[_Union[Facts, _Mapping]] = ..., hold_id: _Optional[str] = ..., reviews: _Optional[_Iterable[_Union[Review, _Mapping]]] = ..., decided_at_ms: _Optional[int] = ..., pure: bool = ..., purpose: _Optional[_Union[CommandPurpose, str]] = ..., seen: _Optional[bytes] = ..., annotations: _Optional[_Iterable[_Union[Annotation, _Mapping]]] = ..., events: _Optional[_Iterable[_Union[AuditEvent, _Mapping]]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., wants_estimate: bool = ..., context: _Optional[bytes] = ..., recording: _Optional[_Union[RecordingLevel, str]] = ..., recording_rule: _Optional[str] = ..., least_recording: _Optional[_Union[RecordingLevel, str]] = ...) -> None: ...

class DecisionMade(_message.Message):
    __slots__ = ["command", "decisions", "policy_epoch", "reason", "recording", "recording_rule", "rule", "stage", "tables", "verdict"]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    POLICY_EPOCH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    RECORDING_RULE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    TABLES_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    command: int
    decisions: _containers.RepeatedCompositeFieldContainer[SignedDecision]
    policy_epoch: bytes
    reason: str
    recording: RecordingLevel
    recording_rule: str
    rule: str
    stage: str
    tables: _containers.RepeatedScalarFieldContainer[str]
    verdict: Verdict
    def __init__(self, command: _Optional[int] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., decisions: _Optional[_Iterable[_Union[SignedDecision, _Mapping]]] = ..., rule: _Optional[str] = ..., stage: _Optional[str] = ..., reason: _Optional[str] = ..., policy_epoch: _Optional[bytes] = ..., recording: _Optional[_Union[RecordingLevel, str]] = ..., recording_rule: _Optional[str] = ..., tables: _Optional[_Iterable[str]] = ...) -> None: ...

class DetectorMask(_message.Message):
    __slots__ = ["definitions", "entities", "parameters", "refuse_on_failure", "rule", "style"]
    DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    ENTITIES_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    REFUSE_ON_FAILURE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    STYLE_FIELD_NUMBER: _ClassVar[int]
    definitions: bytes
    entities: _containers.RepeatedScalarFieldContainer[str]
    parameters: StyleParameters
    refuse_on_failure: bool
    rule: str
    style: MaskStyle
    def __init__(self, entities: _Optional[_Iterable[str]] = ..., style: _Optional[_Union[MaskStyle, str]] = ..., rule: _Optional[str] = ..., parameters: _Optional[_Union[StyleParameters, _Mapping]] = ..., refuse_on_failure: bool = ..., definitions: _Optional[bytes] = ...) -> None: ...

class EntityCount(_message.Message):
    __slots__ = ["count", "entity"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ENTITY_FIELD_NUMBER: _ClassVar[int]
    count: int
    entity: str
    def __init__(self, entity: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ["failed", "rows"]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    failed: bool
    rows: int
    def __init__(self, rows: _Optional[int] = ..., failed: bool = ...) -> None: ...

class Excess(_message.Message):
    __slots__ = ["max_rows", "rows"]
    MAX_ROWS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    max_rows: int
    rows: int
    def __init__(self, rows: _Optional[int] = ..., max_rows: _Optional[int] = ...) -> None: ...

class Facts(_message.Message):
    __slots__ = ["columns_compared", "columns_read", "columns_referenced", "columns_written", "copy", "deallocated_names", "flows", "functions", "opaque", "opaque_reason", "operations", "outputs", "outputs_known", "prepared_names", "resolved", "revealed_tokens", "statement_tags", "statements", "tables_read", "tables_written", "unfiltered", "unlimitable", "unresolved", "views"]
    COLUMNS_COMPARED_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_READ_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_REFERENCED_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_WRITTEN_FIELD_NUMBER: _ClassVar[int]
    COPY_FIELD_NUMBER: _ClassVar[int]
    DEALLOCATED_NAMES_FIELD_NUMBER: _ClassVar[int]
    FLOWS_FIELD_NUMBER: _ClassVar[int]
    FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    OPAQUE_FIELD_NUMBER: _ClassVar[int]
    OPAQUE_REASON_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_KNOWN_FIELD_NUMBER: _ClassVar[int]
    PREPARED_NAMES_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_FIELD_NUMBER: _ClassVar[int]
    REVEALED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    STATEMENTS_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_TAGS_FIELD_NUMBER: _ClassVar[int]
    TABLES_READ_FIELD_NUMBER: _ClassVar[int]
    TABLES_WRITTEN_FIELD_NUMBER: _ClassVar[int]
    UNFILTERED_FIELD_NUMBER: _ClassVar[int]
    UNLIMITABLE_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_FIELD_NUMBER: _ClassVar[int]
    VIEWS_FIELD_NUMBER: _ClassVar[int]
    columns_compared: _containers.RepeatedScalarFieldContainer[str]
    columns_read: _containers.RepeatedScalarFieldContainer[str]
    columns_referenced: _containers.RepeatedScalarFieldContainer[str]
    columns_written: _containers.RepeatedScalarFieldContainer[str]
    copy: CopyShape
    deallocated_names: _containers.RepeatedScalarFieldContainer[str]
    flows: _containers.RepeatedCompositeFieldContainer[Flow]
    functions: _containers.RepeatedScalarFieldContainer[str]
    opaque: bool
    opaque_reason: str
    operations: _containers.RepeatedScalarFieldContainer[str]
    outputs: _containers.RepeatedCompositeFieldContainer[OutputColumn]
    outputs_known: bool
    prepared_names: _containers.RepeatedScalarFieldContainer[str]
    resolved: bool
    revealed_tokens: _containers.RepeatedScalarFieldContainer[str]
    statement_tags: _containers.RepeatedScalarFieldContainer[str]
    statements: int
    tables_read: _containers.RepeatedScalarFieldContainer[str]
    tables_written: _containers.RepeatedScalarFieldContainer[str]
    unfiltered: bool
    unlimitable: str
    unresolved: _containers.RepeatedScalarFieldContainer[str]
    views: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, operations: _Optional[_Iterable[str]] = ..., tables_read: _Optional[_Iterable[str]] = ..., tables_written: _Optional[_Iterable[str]] = ..., unfiltered: bool = ..., functions: _Optional[_Iterable[str]] = ..., statements: _Optional[int] = ..., opaque: bool = ..., opaque_reason: _Optional[str] = ..., columns_referenced: _Optional[_Iterable[str]] = ..., outputs: _Optional[_Iterable[_Union[OutputColumn, _Mapping]]] = ..., outputs_known: bool = ..., copy: _Optional[_Union[CopyShape, _Mapping]] = ..., statement_tags: _Optional[_Iterable[str]] = ..., prepared_names: _Optional[_Iterable[str]] = ..., deallocated_names: _Optional[_Iterable[str]] = ..., resolved: bool = ..., unresolved: _Optional[_Iterable[str]] = ..., views: _Optional[_Iterable[str]] = ..., columns_read: _Optional[_Iterable[str]] = ..., columns_written: _Optional[_Iterable[str]] = ..., columns_compared: _Optional[_Iterable[str]] = ..., flows: _Optional[_Iterable[_Union[Flow, _Mapping]]] = ..., unlimitable: _Optional[str] = ..., revealed_tokens: _Optional[_Iterable[str]] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ["reason", "stage"]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    stage: str
    def __init__(self, stage: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Flow(_message.Message):
    __slots__ = ["anything", "direct", "sources", "target"]
    ANYTHING_FIELD_NUMBER: _ClassVar[int]
    DIRECT_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    anything: bool
    direct: bool
    sources: _containers.RepeatedScalarFieldContainer[str]
    target: str
    def __init__(self, target: _Optional[str] = ..., sources: _Optional[_Iterable[str]] = ..., anything: bool = ..., direct: bool = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ["attempt", "contract_version", "deadline_ms", "decisions", "kind", "lane", "policy_epoch", "reply_to", "reply_to_hosts", "route", "sequence", "session", "traceparent"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_VERSION_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    POLICY_EPOCH_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_HOSTS_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    contract_version: int
    deadline_ms: int
    decisions: _containers.RepeatedCompositeFieldContainer[SignedDecision]
    kind: Kind
    lane: Lane
    policy_epoch: bytes
    reply_to: str
    reply_to_hosts: str
    route: _containers.RepeatedScalarFieldContainer[str]
    sequence: int
    session: str
    traceparent: str
    def __init__(self, contract_version: _Optional[int] = ..., kind: _Optional[_Union[Kind, str]] = ..., session: _Optional[str] = ..., sequence: _Optional[int] = ..., lane: _Optional[_Union[Lane, str]] = ..., route: _Optional[_Iterable[str]] = ..., reply_to: _Optional[str] = ..., deadline_ms: _Optional[int] = ..., policy_epoch: _Optional[bytes] = ..., traceparent: _Optional[str] = ..., decisions: _Optional[_Iterable[_Union[SignedDecision, _Mapping]]] = ..., attempt: _Optional[int] = ..., reply_to_hosts: _Optional[str] = ...) -> None: ...

class Hold(_message.Message):
    __slots__ = ["approver_groups", "approver_identities", "expires_seconds", "quorum"]
    APPROVER_GROUPS_FIELD_NUMBER: _ClassVar[int]
    APPROVER_IDENTITIES_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_SECONDS_FIELD_NUMBER: _ClassVar[int]
    QUORUM_FIELD_NUMBER: _ClassVar[int]
    approver_groups: _containers.RepeatedScalarFieldContainer[str]
    approver_identities: _containers.RepeatedScalarFieldContainer[str]
    expires_seconds: int
    quorum: int
    def __init__(self, approver_groups: _Optional[_Iterable[str]] = ..., approver_identities: _Optional[_Iterable[str]] = ..., quorum: _Optional[int] = ..., expires_seconds: _Optional[int] = ...) -> None: ...

class HoldClose(_message.Message):
    __slots__ = ["id", "sequence", "used"]
    ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    id: str
    sequence: int
    used: bool
    def __init__(self, id: _Optional[str] = ..., used: bool = ..., sequence: _Optional[int] = ...) -> None: ...

class HoldEvent(_message.Message):
    __slots__ = ["command", "id", "reviews", "status"]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REVIEWS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    command: int
    id: str
    reviews: _containers.RepeatedCompositeFieldContainer[Review]
    status: str
    def __init__(self, command: _Optional[int] = ..., id: _Optional[str] = ..., status: _Optional[str] = ..., reviews: _Optional[_Iterable[_Union[Review, _Mapping]]] = ...) -> None: ...

class HoldPending(_message.Message):
    __slots__ = ["expires_at_ms", "id"]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    expires_at_ms: int
    id: str
    def __init__(self, id: _Optional[str] = ..., expires_at_ms: _Optional[int] = ...) -> None: ...

class Input(_message.Message):
    __slots__ = ["bytes", "omitted"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    OMITTED_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    omitted: Omission
    def __init__(self, bytes: _Optional[int] = ..., omitted: _Optional[_Union[Omission, _Mapping]] = ...) -> None: ...

class Judge(_message.Message):
    __slots__ = ["annotations", "catalog", "digest", "estimate", "excess", "facts", "hold", "parameters", "principal", "protocol", "purpose", "resource"]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    EXCESS_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    annotations: _containers.RepeatedCompositeFieldContainer[Annotation]
    catalog: bytes
    digest: bytes
    estimate: Estimate
    excess: Excess
    facts: Facts
    hold: Hold
    parameters: _containers.RepeatedScalarFieldContainer[str]
    principal: Principal
    protocol: str
    purpose: CommandPurpose
    resource: str
    def __init__(self, digest: _Optional[bytes] = ..., principal: _Optional[_Union[Principal, _Mapping]] = ..., resource: _Optional[str] = ..., protocol: _Optional[str] = ..., purpose: _Optional[_Union[CommandPurpose, str]] = ..., facts: _Optional[_Union[Facts, _Mapping]] = ..., parameters: _Optional[_Iterable[str]] = ..., hold: _Optional[_Union[Hold, _Mapping]] = ..., annotations: _Optional[_Iterable[_Union[Annotation, _Mapping]]] = ..., catalog: _Optional[bytes] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., excess: _Optional[_Union[Excess, _Mapping]] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ["holds", "max_rows", "message", "rule"]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    MAX_ROWS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    holds: bool
    max_rows: int
    message: str
    rule: str
    def __init__(self, max_rows: _Optional[int] = ..., rule: _Optional[str] = ..., message: _Optional[str] = ..., holds: bool = ...) -> None: ...

class MaskBatch(_message.Message):
    __slots__ = ["columns", "columns_known", "command", "copy", "last", "plan", "principal", "protocol", "resource", "tail", "tokens"]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_KNOWN_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    COPY_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[ResultColumn]
    columns_known: bool
    command: int
    copy: CopyShape
    last: bool
    plan: MaskPlan
    principal: Principal
    protocol: str
    resource: str
    tail: bytes
    tokens: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, protocol: _Optional[str] = ..., plan: _Optional[_Union[MaskPlan, _Mapping]] = ..., columns: _Optional[_Iterable[_Union[ResultColumn, _Mapping]]] = ..., columns_known: bool = ..., copy: _Optional[_Union[CopyShape, _Mapping]] = ..., tail: _Optional[bytes] = ..., last: bool = ..., principal: _Optional[_Union[Principal, _Mapping]] = ..., resource: _Optional[str] = ..., command: _Optional[int] = ..., tokens: _Optional[_Iterable[str]] = ...) -> None: ...

class MaskPlan(_message.Message):
    __slots__ = ["all_computed", "all_outputs", "columns", "computed_outputs", "detectors", "outputs"]
    ALL_COMPUTED_FIELD_NUMBER: _ClassVar[int]
    ALL_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    COMPUTED_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    DETECTORS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    all_computed: bool
    all_outputs: bool
    columns: _containers.RepeatedCompositeFieldContainer[ColumnMask]
    computed_outputs: _containers.RepeatedScalarFieldContainer[int]
    detectors: _containers.RepeatedCompositeFieldContainer[DetectorMask]
    outputs: _containers.RepeatedCompositeFieldContainer[OutputMask]
    def __init__(self, columns: _Optional[_Iterable[_Union[ColumnMask, _Mapping]]] = ..., detectors: _Optional[_Iterable[_Union[DetectorMask, _Mapping]]] = ..., computed_outputs: _Optional[_Iterable[int]] = ..., all_computed: bool = ..., outputs: _Optional[_Iterable[_Union[OutputMask, _Mapping]]] = ..., all_outputs: bool = ...) -> None: ...

class MaskReply(_message.Message):
    __slots__ = ["counts", "events", "refusal", "revealed", "rows", "tail"]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    REVEALED_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[EntityCount]
    events: _containers.RepeatedCompositeFieldContainer[AuditEvent]
    refusal: Refusal
    revealed: _containers.RepeatedCompositeFieldContainer[Revealed]
    rows: int
    tail: bytes
    def __init__(self, tail: _Optional[bytes] = ..., counts: _Optional[_Iterable[_Union[EntityCount, _Mapping]]] = ..., rows: _Optional[int] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., events: _Optional[_Iterable[_Union[AuditEvent, _Mapping]]] = ..., revealed: _Optional[_Iterable[_Union[Revealed, _Mapping]]] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ["text"]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class Omission(_message.Message):
    __slots__ = ["budget", "bytes", "sha256"]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    budget: str
    bytes: int
    sha256: bytes
    def __init__(self, bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ..., budget: _Optional[str] = ...) -> None: ...

class Output(_message.Message):
    __slots__ = ["columns", "command", "data", "first_us", "from_client", "stopped"]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    FIRST_US_FIELD_NUMBER: _ClassVar[int]
    FROM_CLIENT_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[ResultColumn]
    command: int
    data: bytes
    first_us: int
    from_client: bool
    stopped: str
    def __init__(self, command: _Optional[int] = ..., data: _Optional[bytes] = ..., columns: _Optional[_Iterable[_Union[ResultColumn, _Mapping]]] = ..., first_us: _Optional[int] = ..., from_client: bool = ..., stopped: _Optional[str] = ...) -> None: ...

class OutputColumn(_message.Message):
    __slots__ = ["columns", "direct", "origins", "star", "whole_row"]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    DIRECT_FIELD_NUMBER: _ClassVar[int]
    ORIGINS_FIELD_NUMBER: _ClassVar[int]
    STAR_FIELD_NUMBER: _ClassVar[int]
    WHOLE_ROW_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    direct: bool
    origins: _containers.RepeatedScalarFieldContainer[str]
    star: bool
    whole_row: bool
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., whole_row: bool = ..., star: bool = ..., origins: _Optional[_Iterable[str]] = ..., direct: bool = ...) -> None: ...

class OutputMask(_message.Message):
    __slots__ = ["computed", "index", "parameters", "paths", "refuse_on_failure", "rule", "style", "unless_table"]
    COMPUTED_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    REFUSE_ON_FAILURE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    STYLE_FIELD_NUMBER: _ClassVar[int]
    UNLESS_TABLE_FIELD_NUMBER: _ClassVar[int]
    computed: bool
    index: int
    parameters: StyleParameters
    paths: _containers.RepeatedScalarFieldContainer[str]
    refuse_on_failure: bool
    rule: str
    style: MaskStyle
    unless_table: bool
    def __init__(self, index: _Optional[int] = ..., style: _Optional[_Union[MaskStyle, str]] = ..., rule: _Optional[str] = ..., unless_table: bool = ..., computed: bool = ..., parameters: _Optional[_Union[StyleParameters, _Mapping]] = ..., refuse_on_failure: bool = ..., paths: _Optional[_Iterable[str]] = ...) -> None: ...

class Parameter(_message.Message):
    __slots__ = ["format", "null", "value"]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    NULL_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    format: int
    null: bool
    value: bytes
    def __init__(self, null: bool = ..., format: _Optional[int] = ..., value: _Optional[bytes] = ...) -> None: ...

class Pong(_message.Message):
    __slots__ = ["draining", "incarnation", "policy_epoch", "queued", "replica", "stage"]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    POLICY_EPOCH_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    REPLICA_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    draining: bool
    incarnation: int
    policy_epoch: bytes
    queued: int
    replica: str
    stage: str
    def __init__(self, stage: _Optional[str] = ..., replica: _Optional[str] = ..., incarnation: _Optional[int] = ..., draining: bool = ..., queued: _Optional[int] = ..., policy_epoch: _Optional[bytes] = ...) -> None: ...

class Principal(_message.Message):
    __slots__ = ["groups", "labels", "method", "name", "source_address"]
    class LabelsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedScalarFieldContainer[str]
    labels: _containers.ScalarMap[str, str]
    method: str
    name: str
    source_address: str
    def __init__(self, name: _Optional[str] = ..., groups: _Optional[_Iterable[str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., method: _Optional[str] = ..., source_address: _Optional[str] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ["command", "decision", "hold", "notice", "output", "result", "sequence", "session", "session_ended", "session_resumed", "session_started", "stage_event", "time_us"]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_ENDED_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    SESSION_RESUMED_FIELD_NUMBER: _ClassVar[int]
    SESSION_STARTED_FIELD_NUMBER: _ClassVar[int]
    STAGE_EVENT_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    command: CommandReceived
    decision: DecisionMade
    hold: HoldEvent
    notice: Notice
    output: Output
    result: CommandResult
    sequence: int
    session: str
    session_ended: SessionEnded
    session_resumed: Resumption
    session_started: SessionStarted
    stage_event: StageEvent
    time_us: int
    def __init__(self, session: _Optional[str] = ..., sequence: _Optional[int] = ..., time_us: _Optional[int] = ..., session_started: _Optional[_Union[SessionStarted, _Mapping]] = ..., command: _Optional[_Union[CommandReceived, _Mapping]] = ..., decision: _Optional[_Union[DecisionMade, _Mapping]] = ..., hold: _Optional[_Union[HoldEvent, _Mapping]] = ..., result: _Optional[_Union[CommandResult, _Mapping]] = ..., output: _Optional[_Union[Output, _Mapping]] = ..., session_ended: _Optional[_Union[SessionEnded, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ..., stage_event: _Optional[_Union[StageEvent, _Mapping]] = ..., session_resumed: _Optional[_Union[Resumption, _Mapping]] = ...) -> None: ...

class RecordAck(_message.Message):
    __slots__ = ["block", "chain", "error", "replica", "sessions"]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    REPLICA_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    block: int
    chain: bytes
    error: str
    replica: str
    sessions: _containers.RepeatedCompositeFieldContainer[SessionAck]
    def __init__(self, sessions: _Optional[_Iterable[_Union[SessionAck, _Mapping]]] = ..., error: _Optional[str] = ..., replica: _Optional[str] = ..., block: _Optional[int] = ..., chain: _Optional[bytes] = ...) -> None: ...

class RecordBatch(_message.Message):
    __slots__ = ["durability", "records", "resumptions"]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    RESUMPTIONS_FIELD_NUMBER: _ClassVar[int]
    durability: Durability
    records: _containers.RepeatedCompositeFieldContainer[Record]
    resumptions: _containers.RepeatedCompositeFieldContainer[Resumption]
    def __init__(self, records: _Optional[_Iterable[_Union[Record, _Mapping]]] = ..., durability: _Optional[_Union[Durability, str]] = ..., resumptions: _Optional[_Iterable[_Union[Resumption, _Mapping]]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ["hint", "reason", "rule"]
    HINT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    hint: str
    reason: str
    rule: str
    def __init__(self, rule: _Optional[str] = ..., reason: _Optional[str] = ..., hint: _Optional[str] = ...) -> None: ...

class Relation(_message.Message):
    __slots__ = ["cascades", "columns", "definition", "kind", "name", "not_null", "parents", "rules", "schema"]
    CASCADES_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NOT_NULL_FIELD_NUMBER: _ClassVar[int]
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    cascades: _containers.RepeatedCompositeFieldContainer[Cascade]
    columns: _containers.RepeatedScalarFieldContainer[str]
    definition: str
    kind: str
    name: str
    not_null: _containers.RepeatedScalarFieldContainer[int]
    parents: _containers.RepeatedCompositeFieldContainer[RelationName]
    rules: _containers.RepeatedScalarFieldContainer[str]
    schema: str
    def __init__(self, schema: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[str] = ..., columns: _Optional[_Iterable[str]] = ..., definition: _Optional[str] = ..., parents: _Optional[_Iterable[_Union[RelationName, _Mapping]]] = ..., rules: _Optional[_Iterable[str]] = ..., not_null: _Optional[_Iterable[int]] = ..., cascades: _Optional[_Iterable[_Union[Cascade, _Mapping]]] = ...) -> None: ...

class RelationName(_message.Message):
    __slots__ = ["name", "schema"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    name: str
    schema: str
    def __init__(self, schema: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ResultColumn(_message.Message):
    __slots__ = ["dropped", "format", "has_origin", "name", "origin_column", "origin_is_table", "origin_schema", "origin_table", "type"]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    HAS_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_COLUMN_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_IS_TABLE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_TABLE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    dropped: bool
    format: int
    has_origin: bool
    name: str
    origin_column: str
    origin_is_table: bool
    origin_schema: str
    origin_table: str
    type: int
    def __init__(self, name: _Optional[str] = ..., origin_schema: _Optional[str] = ..., origin_table: _Optional[str] = ..., origin_column: _Optional[str] = ..., has_origin: bool = ..., type: _Optional[int] = ..., format: _Optional[int] = ..., origin_is_table: bool = ..., dropped: bool = ...) -> None: ...

class Resumption(_message.Message):
    __slots__ = ["after", "block", "chain", "replica", "session"]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    REPLICA_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    after: int
    block: int
    chain: bytes
    replica: str
    session: str
    def __init__(self, session: _Optional[str] = ..., after: _Optional[int] = ..., replica: _Optional[str] = ..., block: _Optional[int] = ..., chain: _Optional[bytes] = ...) -> None: ...

class Revealed(_message.Message):
    __slots__ = ["known", "value"]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    known: bool
    value: bytes
    def __init__(self, known: bool = ..., value: _Optional[bytes] = ...) -> None: ...

class Review(_message.Message):
    __slots__ = ["approved", "at_ms", "comment", "reviewer"]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    approved: bool
    at_ms: int
    comment: str
    reviewer: str
    def __init__(self, reviewer: _Optional[str] = ..., approved: bool = ..., comment: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...

class SessionAck(_message.Message):
    __slots__ = ["error", "session", "through"]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    THROUGH_FIELD_NUMBER: _ClassVar[int]
    error: str
    session: str
    through: int
    def __init__(self, session: _Optional[str] = ..., through: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class SessionEnded(_message.Message):
    __slots__ = ["bytes", "commands", "reason"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    commands: int
    reason: str
    def __init__(self, reason: _Optional[str] = ..., commands: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class SessionRun(_message.Message):
    __slots__ = ["count", "ended", "first", "resumed", "session"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    count: int
    ended: bool
    first: int
    resumed: Resumption
    session: str
    def __init__(self, session: _Optional[str] = ..., first: _Optional[int] = ..., count: _Optional[int] = ..., ended: bool = ..., resumed: _Optional[_Union[Resumption, _Mapping]] = ...) -> None: ...

class SessionStarted(_message.Message):
    __slots__ = ["parameters", "principal", "protocol", "resource", "trace_id"]
    class ParametersEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    parameters: _containers.ScalarMap[str, str]
    principal: Principal
    protocol: str
    resource: str
    trace_id: str
    def __init__(self, principal: _Optional[_Union[Principal, _Mapping]] = ..., resource: _Optional[str] = ..., protocol: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ..., trace_id: _Optional[str] = ...) -> None: ...

class SignedDecision(_message.Message):
    __slots__ = ["decision", "mac", "stage"]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    MAC_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    decision: bytes
    mac: bytes
    stage: str
    def __init__(self, stage: _Optional[str] = ..., decision: _Optional[bytes] = ..., mac: _Optional[bytes] = ...) -> None: ...

class StageEvent(_message.Message):
    __slots__ = ["command", "event", "stage"]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    command: int
    event: AuditEvent
    stage: str
    def __init__(self, command: _Optional[int] = ..., stage: _Optional[str] = ..., event: _Optional[_Union[AuditEvent, _Mapping]] = ...) -> None: ...

class StyleParameters(_message.Message):
    __slots__ = ["days", "first", "keep_domain", "last", "unit", "width_billionths"]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    KEEP_DOMAIN_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_BILLIONTHS_FIELD_NUMBER: _ClassVar[int]
    days: int
    first: int
    keep_domain: bool
    last: int
    unit: BucketUnit
    width_billionths: int
    def __init__(self, first: _Optional[int] = ..., last: _Optional[int] = ..., keep_domain: bool = ..., days: _Optional[int] = ..., width_billionths: _Optional[int] = ..., unit: _Optional[_Union[BucketUnit, str]] = ...) -> None: ...

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Lane(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class CommandPurpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class RecordingLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class MaskStyle(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class BucketUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Durability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
