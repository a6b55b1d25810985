import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import PostgresWire
import Telemetry

/// One governed session: an authenticated client, a logged-in target, and everything between them.
///
/// Client messages pass three steps, each in order: `inbound` (to be judged; stops at the first command that has no
/// decision yet), `outbound` (judged, waiting until its record is acknowledged), then the target. `expected` says what
/// the target will answer; `replies` delivers the answers through the response lane.
///
/// Everything here runs on the session's event loop; it is `Sendable` so that closures of that loop may hold it.
final class PostgresSession: @unchecked Sendable {
    /// Bytes of messages waiting to be judged above which nothing more is read from the client.
    static let inboundBytes = 1 << 20
    /// Messages waiting for their records above which no more are judged.
    static let outboundMessages = 1024
    /// Bytes of prepared statements' texts kept for one session, and the size up to which a text is not counted.
    static let statementBytes = 16 << 20
    static let smallStatement = 4 << 10
    /// Names of its own that a session may have.
    static let ownNames = 10_000
    /// Bytes of messages waiting for their records above which no more are judged.
    static let outboundBytes = 4 << 20
    /// Messages sent to the target whose answers are outstanding above which no more are sent.
    static let expectedReplies = 512
    /// Commands of one session that one turn of the event loop takes; then the other sessions have theirs.
    static let commandsPerTurn = 32
    /// Pause before a session with more commands goes on.
    static let turnPause = TimeAmount.microseconds(500)

    /// What keeps the next client message from being looked at.
    enum Gate {
        case open
        /// The target is asked something that the command's decision needs.
        case resolving(PendingCommand)
        /// The command's decision is outstanding; the exchange's sequence.
        case judging(sequence: UInt64, PendingCommand)
        /// A hold is durable and waits for reviewers.
        case held(sequence: UInt64, id: String, PendingCommand)
        case closed

        var pending: PendingCommand? {
            switch self {
            case .resolving(let pending), .judging(_, let pending), .held(_, _, let pending): pending
            case .open, .closed: nil
            }
        }
    }

    /// A command that has no decision yet.
    struct PendingCommand {
        let number: UInt64
        let frame: Frame
        let question: PlanQuestion
        /// It ran already, and was undone.
        var undone: Command?
        let ruled: (Ruling) -> Void
    }

    /// A message that was judged, in the order in which it goes to the target.
    enum Outbound {
        /// Goes out once the record `after` is acknowledged.
        case message(ByteBuffer, after: UInt64, expecting: ExpectedReply?, type: UInt8)
        /// Takes its place in the reply order. `extended`: then messages are skipped up to Sync.
        case refusal(WireNotice, Command?, extended: Bool)
        case terminate

        /// Bytes that it keeps.
        var count: Int {
            switch self {
            case .message(let bytes, _, _, _): bytes.readableBytes
            case .refusal, .terminate: 0
            }
        }
    }

    /// A target message that waits.
    struct StalledReply {
        let frame: Frame
        /// The row limit has let it pass already.
        let isCounted: Bool
    }

    /// COPY FROM STDIN, which changes what the target does with the messages that follow.
    enum CopyIn {
        case none
        /// A command that may begin one is on its way: only copy data may follow it.
        case possible
        case active
        /// CopyDone or CopyFail is on its way.
        case finishing
    }

    let recording: AuditTrail.Session
    let services: LoopServices
    let resource: Resource
    let identity: AuthenticatedIdentity
    let principal: Principal
    let principalKey: String
    let client: any Channel
    let catalog: Catalog
    let schema: SchemaCatalog
    /// Everything that may be masked for this identity here, whatever the command.
    var sessionMask: MaskPlan
    let onEnd: (PostgresSession) -> Void

    var id: String { recording.id }

    var target: (any Channel)?
    var greeting = TargetGreeting()
    var cancelHandle: CancelRegistry.Handle?

    var gate = Gate.open
    var inbound = CircularBuffer<Frame>()
    var inboundSize = 0
    private(set) var outbound = CircularBuffer<Outbound>()
    private(set) var outboundSize = 0
    var isWaitingForRecord = false
    /// The first inbound message waits for replies that settle what a name stands for.
    var isUnsettled = false
    /// After a refusal or an error in the extended protocol: messages are dropped up to Sync.
    var isSkippingToSync = false
    /// Messages of the extended protocol were taken since the last Sync.
    var isMidBatch = false
    /// Executions that were sent since then.
    var executedInBatch = 0
    /// Of savepoints, statements and portals of Sluice's own, which the client cannot know.
    let ownName = "sluice_" + String(UInt64.random(in: 0 ... .max), radix: 16)
    /// The same as the target sees it.
    var isBatchOpenAtTarget = false
    var batch: UInt64 = 0
    var copyIn = CopyIn.none
    var turn = SessionTurn()
    /// A command that can change what names stand for is on its way: nothing is sent behind it.
    var barrier: Command?

    var expected = CircularBuffer<ExpectedReply>()
    var status = TransactionStatus.idle
    var statements = NameTable<PreparedStatement>()
    var portals = NameTable<Portal>()
    var executables = Executables()
    /// The session's search path is the one that its role began with.
    var isPathKnown = true
    /// Names of temporary relations that it made, and of what its open transaction defines otherwise than the catalogue shows.
    var temporaryNames: Set<String> = []
    var transactionNames: Set<String> = []
    /// A command that changes definitions ran since the session was last idle: they may show only from there on.
    var changesDefinitions = false
    var queryColumns: [ResultColumn]?
    var copyOut: CopyShape?
    /// Set while the gate waits for a statement's columns.
    var waitingBind: WaitingBind?
    /// Target messages that wait for the names of a result's columns.
    var stalled: CircularBuffer<StalledReply>?
    var limiting = Limiting()
    var replies: ReplyStream!

    /// The command at the gate, as it is recorded.
    var entry = CommandEntry()
    var leastRecording: LeastRecording
    let allowance: RecordingAllowance

    var commands: UInt64 = 0
    var deliveredBytes: UInt64 = 0
    var isEnded = false
    var isClientPaused = false
    var isTargetPaused = false
    private var isResuming = false
    let metrics = IngressMetrics.current
    /// When the command under judgement was read, monotonic nanoseconds.
    var judgingSince: UInt64 = 0
    private var countsAsHeld = false
    /// Of the session's messages: span 0 is the session, further ones are its commands.
    let trace: TraceContext
    private let toClient = OutputBatch()
    private let toTarget = OutputBatch()

    init(
        recording: AuditTrail.Session, services: LoopServices, resource: Resource, identity: AuthenticatedIdentity,
        principal: Principal, client: any Channel, catalog: Catalog, schema: SchemaCatalog,
        opening ruling: Ruling, trace: TraceContext, onEnd: @escaping (PostgresSession) -> Void
    ) {
        self.recording = recording
        self.services = services
        self.resource = resource
        self.identity = identity
        self.principal = principal
        principalKey = Self.key(of: principal)
        self.client = client
        self.catalog = catalog
        self.schema = schema
        sessionMask = ruling.mask
        leastRecording = LeastRecording(ruling)
        allowance = RecordingAllowance(services.shared.configuration.recording.budget)
        self.trace = trace
        self.onEnd = onEnd
        replies = ReplyStream(
            session: recording.id, services: services, origin: Self.origin(principal, resource),
            traceparent: trace.traceparent(span: 0), allowance: allowance,
            canWrite: { [client] in client.isWritable },
            write: { [weak self] bytes in
                guard let self else { return }
                self.deliveredBytes += UInt64(bytes.readableBytes)
                self.metrics.clientSentBytes.add(bytes.readableBytes)
                self.writeToClient(bytes)
            },
            delivered: { [weak self] in
                guard let self else { return }
                self.flushClient()
                self.updateReading()
                self.advance()
            },
            finished: { [weak self] command in self?.recordResult(of: command) },
            record: { [weak self] event in self?.recordReply(event) })
    }

    private static func origin(_ principal: Principal, _ resource: Resource) -> MaskBatch {
        var origin = MaskBatch()
        origin.protocol = "postgres"
        origin.principal = principal
        origin.resource = resource.name
        return origin
    }

    /// Time-ordered and unguessable: 12 hexadecimal digits of Unix milliseconds, 20 random ones.
    static func makeID() -> String {
        let time = String(unixMilliseconds(), radix: 16)
        return String(repeating: "0", count: max(0, 12 - time.count)) + time
            + Hexadecimal.encode(SecureRandom.bytes(10))
    }

    static func key(of principal: Principal) -> String {
        let labels = principal.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return ([principal.name] + principal.groups + ["|"] + labels).joined(separator: "\u{1f}")
    }

    /// Connected: the client hears the target's settings and may send commands.
    func begin(target: any Channel, greeting: TargetGreeting, handle: CancelRegistry.Handle) {
        self.target = target
        self.greeting = greeting
        cancelHandle = handle
        status = greeting.status
        var hello = ByteBuffer()
        for (name, value) in greeting.parameters {
            hello.writeImmutableBuffer(BackendEncoder.parameterStatus(name, value))
        }
        hello.writeImmutableBuffer(BackendEncoder.backendKeyData(processID: handle.processID, key: handle.key))
        hello.writeImmutableBuffer(BackendEncoder.readyForQuery(status))
        client.writeAndFlush(hello, promise: nil)
    }

    /// Whether nothing is under way, so that the session can be closed without cutting a command.
    var isQuiescent: Bool {
        guard case .open = gate else { return false }
        return inbound.isEmpty && outbound.isEmpty && expected.isEmpty && replies.isEmpty && status == .idle
            && !isMidBatch
    }

    // MARK: Output

    func writeToClient(_ bytes: ByteBuffer) { toClient.write(bytes, to: client) }
    func flushClient() { toClient.flush(client) }
    func writeToTarget(_ bytes: ByteBuffer) {
        if let target { toTarget.write(bytes, to: target) }
    }
    func flushTarget() {
        if let target { toTarget.flush(target) }
    }

    // MARK: Recording

    /// Adds a record that a command waits for: it leaves with this turn of the loop.
    @discardableResult
    func append(_ event: Record.OneOf_Event) -> UInt64 {
        let sequence = recording.append(event)
        services.scheduleFlush()
        return sequence
    }

    /// Adds a record that nothing waits for: it leaves with the next one that something does, or soon by itself.
    private func appendResult(_ event: Record.OneOf_Event) {
        recording.append(event)
        services.scheduleLateFlush()
    }

    func finish(_ command: Command, _ status: Command.Status) {
        if command.status == nil { command.status = status }
        guard !command.isFinished else { return }
        command.isFinished = true
        command.retry = nil
        replies.end(command)
    }

    private func recordResult(of command: Command) {
        if !command.sqlState.isEmpty { metrics.error(sqlState: command.sqlState) }
        for input in command.remainingInput() { appendResult(.output(input)) }
        appendResult(.result(command.result()))
    }

    /// What is said to no command's account is recorded where everything is; elsewhere, how much it was and its digest.
    private func recordReply(_ event: Record.OneOf_Event) {
        if case .output(let output) = event, output.command == 0, mayRecordLess {
            return appendResult(.output(LooseReplies.leftOut(output)))
        }
        appendResult(event)
    }

    /// Takes a message of COPY data from the client, as the input of the command that may begin the COPY.
    func recordInput(_ bytes: ByteBuffer) {
        guard copyIn != .none, let command = barrier else { return }
        for piece in command.receive(bytes, allowance) { appendResult(.output(piece)) }
    }

    // MARK: Backpressure

    /// Stops and resumes reading: from the client while messages pile up here, from the target while the client, the
    /// masker or the recorder is behind.
    func updateReading() {
        guard !isEnded else { return }
        let isBehind = recording.isFull
        let pauseClient = inboundSize >= Self.inboundBytes || target?.isWritable == false || isBehind
        if pauseClient != isClientPaused {
            isClientPaused = pauseClient
            client.setOption(.autoRead, value: !pauseClient).whenFailure { _ in }
        }
        let pauseTarget = !client.isWritable || replies.isFull || stalled != nil || isBehind
        if pauseTarget != isTargetPaused {
            isTargetPaused = pauseTarget
            target?.setOption(.autoRead, value: !pauseTarget).whenFailure { _ in }
        }
        if isBehind { resumeWhenRecorded() }
    }

    private func resumeWhenRecorded() {
        guard !isResuming else { return }
        isResuming = true
        // While all sessions together are too much, there are many that ask.
        let pause = recording.hasOwnFull ? TimeAmount.milliseconds(5) : .milliseconds(50)
        services.eventLoop.scheduleTask(in: pause) { [weak self] in
            guard let self, !self.isEnded else { return }
            self.isResuming = false
            self.advance()
            self.updateReading()
        }
    }

    // MARK: Outbound

    func enqueue(_ message: Outbound) {
        if case .message(_, _, let expecting?, _) = message, let command = expecting.command {
            command.readAt = judgingSince
        }
        outbound.append(message)
        outboundSize += message.count
    }

    func enqueueFirst(_ message: Outbound) {
        outbound.prepend(message)
        outboundSize += message.count
    }

    func dequeue() {
        guard let message = outbound.popFirst() else { return }
        outboundSize -= message.count
    }

    // MARK: End

    /// Ends the session once. `failure` is said to the client first.
    func end(_ reason: String, failure: SessionFailure? = nil) {
        guard !isEnded else { return }
        isEnded = true
        if let failure {
            StageLog.info(
                "session ends: \(reason) \(failure.detail)", session: id, traceparent: trace.traceparent(span: 0))
            metrics.error(sqlState: failure.notice.sqlState)
            writeToClient(BackendEncoder.notice(failure.notice))
        }
        switch gate {
        case .judging(let sequence, _): services.conductor.cancel(sequence: sequence)
        case .held(let sequence, let holdID, let pending):
            services.conductor.cancel(sequence: sequence)
            recordHold(pending.number, id: holdID, status: "cancelled", reviews: [])
            services.closeHold(holdID, session: id, sequence: sequence, used: false)
        case .resolving, .open, .closed: break
        }
        if let pending = gate.pending { recordUndecided(pending.number) }
        if let undone = gate.pending?.undone, undone.status == nil {
            undone.status = .lost
            recordResult(of: undone)
        }
        gate = .closed
        // What the target still runs for nobody is cancelled, so that it does not go on unseen.
        if expected.contains(where: { $0.command != nil }), let target, target.isActive, greeting.processID != 0 {
            TargetConnector(resource: resource, eventLoop: services.eventLoop)
                .cancel(processID: greeting.processID, key: greeting.cancelKey)
        }
        replies.close()
        for case let command? in expected.map(\.command) where command.status == nil {
            command.status = .lost
            recordResult(of: command)
        }
        expected.removeAll()
        outbound.removeAll()
        outboundSize = 0
        inbound.removeAll()
        stalled = nil
        var ended = SessionEnded()
        ended.reason = reason
        ended.commands = commands
        ended.bytes = deliveredBytes
        append(.sessionEnded(ended))
        if let target, target.isActive {
            toTarget.handOver(to: target)
            target.writeAndFlush(FrontendEncoder.terminate()).whenComplete { _ in target.close(promise: nil) }
        }
        flushClient()
        if failure == nil { client.close(promise: nil) } else { client.closeAfterLinger() }
        onEnd(self)
    }

    /// The client asked for a cancel on another connection.
    func cancelRequested() {
        recordCancel()
        switch gate {
        case .resolving(let pending):
            refuse(pending, Refusals.cancelled(), status: .failed)
        case .judging(let sequence, let pending):
            services.conductor.cancel(sequence: sequence)
            refuse(pending, Refusals.cancelled(), status: .failed)
        case .held(let sequence, let holdID, let pending):
            services.conductor.cancel(sequence: sequence)
            recordHold(pending.number, id: holdID, status: "cancelled", reviews: [])
            services.closeHold(holdID, session: id, sequence: sequence, used: false)
            refuse(pending, Refusals.cancelled(), status: .failed)
        case .open:
            guard !expected.isEmpty, !isRevealing, greeting.processID != 0 else { return }
            TargetConnector(resource: resource, eventLoop: services.eventLoop)
                .cancel(processID: greeting.processID, key: greeting.cancelKey)
        case .closed: break
        }
    }

    private func recordCancel() {
        guard !isEnded else { return }
        var event = StageEvent()
        event.command = gate.pending?.number ?? running?.number ?? 0
        event.stage = "ingress"
        event.event = AuditEvent("cancel-requested")
        append(.stageEvent(event))
    }

    func recordHold(_ command: UInt64, id: String, status: String, reviews: [Review]) {
        let isPending = status == "pending"
        if isPending != countsAsHeld { metrics.holds.add(isPending ? 1 : -1) }
        countsAsHeld = isPending
        var event = HoldEvent()
        event.command = command
        event.id = id
        event.status = status
        event.reviews = reviews
        append(.hold(event))
    }
}
