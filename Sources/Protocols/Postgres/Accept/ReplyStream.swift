import Bus
import Configuration
import Contract
import Foundation
import Gateway
import NIOCore
import PostgresWire

/// Delivers the target's replies to the client in order, through the response lane where a mask plan asks for it.
///
/// Messages of one mask plan are gathered into batches; a batch that is with the masker holds back everything after
/// it. Confined to the session's event loop.
final class ReplyStream {
    /// Size at which a batch is sent to be masked.
    static let batchBytes = 128 << 10
    /// Batches that are with the masker above which one that may still grow is kept back: few large messages cost less
    /// than many small ones, and the masker has enough to do meanwhile.
    static let batchesAhead = 2
    /// Batches that may be with the masker at once; the others wait here.
    static let batchesUnderWay = 64
    /// Largest message that can be masked; a larger one withholds the reply.
    static let maskableMessage = 32 << 20
    /// Bytes waiting to be delivered above which nothing more is read from the target.
    static let queueBytes = 4 << 20

    /// What one batch is masked by; another one starts another batch. A class, since every row asks for it.
    private final class Context {
        let plan: MaskPlan
        let columns: [ResultColumn]?
        let copy: CopyShape?
        /// What the masker carries from one batch of a COPY to the next: a cut row, of this COPY alone.
        var tail = Data()
        /// The last batch left the tail that it was sent with, as most do: the next ones are sent before it is known.
        var isSteady = false
        /// A batch of the COPY failed: what is behind it is dropped.
        var hasFailed = false

        /// Of every row, where the client gets less than all; nil: as many as the target sent.
        var keptFields: Int? {
            guard copy == nil, let columns, columns.contains(where: \.dropped) else { return nil }
            return columns.count(where: { !$0.dropped })
        }

        init(_ plan: MaskPlan, _ columns: [ResultColumn]?, _ copy: CopyShape?) {
            self.plan = plan
            self.columns = columns
            self.copy = copy
        }

        func masks(_ plan: MaskPlan, _ columns: [ResultColumn]?, _ copy: CopyShape?) -> Bool {
            self.plan == plan && self.columns == columns && self.copy == copy
        }
    }

    private enum State {
        /// Gathering, or waiting for an earlier batch of the same COPY.
        case waiting
        case withMasker
        /// Back, of a COPY, and not taken before the batch in front of it has confirmed the tail that it was sent with.
        case answered(Result<MaskedReply, MaskFailure>)
        case ready
        case failed(MaskFailure)
        /// Not waited for any more: the reply is withheld already. What stages want recorded of it still comes.
        case dropped
    }

    /// A class, so that gathered bytes grow in their place instead of being copied with every row.
    private final class Segment {
        var bytes: ByteBuffer
        /// nil: delivered as it is.
        let context: Context?
        let command: Command?
        var endsCommand = false
        var isLastOfCopy = false
        var state: State
        var size: Int
        /// That it was sent with.
        var tail = Data()

        init(_ bytes: ByteBuffer, context: Context?, command: Command?) {
            self.bytes = bytes
            self.context = context
            self.command = command
            state = context == nil ? .ready : .waiting
            size = bytes.readableBytes
        }

        var isGathering: Bool { if case .waiting = state { true } else { false } }
        var mayGrow: Bool { !endsCommand && !isLastOfCopy && size < ReplyStream.batchBytes }
    }

    private let session: String
    private let services: LoopServices
    /// What every batch of the session says: protocol, principal, resource.
    private let origin: MaskBatch
    private let traceparent: String
    /// Whether the client takes more: what it does not take waits here, where it counts.
    private let canWrite: () -> Bool
    /// Writes bytes to the client, without flushing.
    private let write: (ByteBuffer) -> Void
    /// Called after anything was delivered.
    private let delivered: () -> Void
    private let finished: (Command) -> Void
    private let record: (Record.OneOf_Event) -> Void
    private let allowance: RecordingAllowance
    /// Of which replies were delivered last.
    private var latest: Command?
    private var isRecordingScheduled = false
    private var loose = LooseReplies()
    private var segments = CircularBuffer<Segment>()
    /// Batches that are with the masker, dropped ones too, and what ends that.
    private var underWay: [ObjectIdentifier: (segment: Segment, exchange: MaskExchange)] = [:]
    /// Of the COPY whose data is being appended.
    private var copyContext: Context?
    /// After a reply was withheld: everything up to the next ReadyForQuery is dropped.
    private var isDiscarding = false
    private var isClosed = false
    private(set) var queuedBytes = 0 {
        didSet { services.shared.replyBudget.change(by: queuedBytes - oldValue) }
    }
    /// Of batches that are with the masker though nobody waits for them.
    private var droppedBytes = 0 {
        didSet { services.shared.replyBudget.change(by: droppedBytes - oldValue) }
    }

    init(
        session: String, services: LoopServices, origin: MaskBatch, traceparent: String = "",
        allowance: RecordingAllowance = RecordingAllowance(RecordingBudget()),
        canWrite: @escaping () -> Bool = { true },
        write: @escaping (ByteBuffer) -> Void,
        delivered: @escaping () -> Void, finished: @escaping (Command) -> Void,
        record: @escaping (Record.OneOf_Event) -> Void
    ) {
        self.session = session
        self.services = services
        self.origin = origin
        self.traceparent = traceparent
        self.allowance = allowance
        self.canWrite = canWrite
        self.write = write
        self.delivered = delivered
        self.finished = finished
        self.record = record
    }

    var isEmpty: Bool { segments.isEmpty }
    var isFull: Bool {
        queuedBytes >= Self.queueBytes || services.shared.replyBudget.isUsedUp(with: queuedBytes)
    }

    /// Adds the message that begins a COPY: the masker takes copy data only behind it.
    func appendStart(ofCopy bytes: ByteBuffer, command: Command) {
        // Of one that an error ended.
        copyContext = nil
        if segments.isEmpty { deliver(bytes, command: command) } else { add(bytes, context: nil, command: command) }
    }

    /// Adds whole messages that no stage sees and no recording holds.
    func append(unrecorded bytes: ByteBuffer) {
        if segments.isEmpty { deliver(bytes, command: nil) } else { add(bytes, context: nil, command: nil) }
    }

    /// Adds a message that needs no masking, or that Sluice made.
    func append(_ bytes: ByteBuffer, command: Command?) {
        if segments.isEmpty {
            deliver(bytes, command: command)
        } else if let last = segments.last, last.command === command, !last.endsCommand, case .waiting = last.state,
            last.context != nil, bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) != BackendType.readyForQuery
        {
            // The masker passes on what it does not mask; one batch keeps the order. ReadyForQuery stays out of it: it is
            // what a client gets of a batch that is withheld, and nothing unmasked may come behind it.
            extend(last, bytes)
        } else {
            add(bytes, context: nil, command: command)
        }
    }

    /// Adds a message that is masked by `plan`. `columns` describe rows; nil: not known.
    func append(_ frame: Frame, maskedBy plan: MaskPlan, columns: [ResultColumn]?, copy: CopyShape?, command: Command?)
    {
        let last = segments.last
        let context: Context
        if let known = copy == nil ? last?.context : copyContext, known.masks(plan, columns, copy) {
            context = known
        } else {
            context = Context(plan, columns, copy)
        }
        if copy != nil { copyContext = context }
        if let last, last.context === context, last.command === command, !last.endsCommand, last.isGathering,
            last.size + frame.count <= Self.batchBytes
        {
            extend(last, frame.bytes)
        } else {
            let segment = add(frame.bytes, context: context, command: command)
            if frame.count > Self.maskableMessage {
                segment.state = .failed(MaskFailure(reason: "a value is larger than \(Self.maskableMessage) bytes"))
            }
        }
    }

    /// Adds a row in place of which the client gets an error; what follows it is dropped.
    /// - Parameter reason: public.
    func appendWithheld(_ frame: Frame, _ reason: String, command: Command?) {
        add(frame.bytes, context: nil, command: command).state = .failed(MaskFailure(reason: reason))
    }

    /// The command has no more replies than those appended.
    func end(_ command: Command) {
        guard let last = segments.last, last.command === command else {
            if segments.isEmpty {
                complete(command)
            } else {
                add(ByteBuffer(), context: nil, command: command).endsCommand = true
            }
            return
        }
        last.endsCommand = true
    }

    /// The COPY whose data was appended is complete: a cut row must not remain.
    func endCopy() {
        guard let copyContext else { return }
        self.copyContext = nil
        if let last = segments.last, last.context === copyContext, last.isGathering {
            last.isLastOfCopy = true
        } else {
            add(ByteBuffer(), context: copyContext, command: segments.last?.command).isLastOfCopy = true
        }
    }

    /// Sends gathered batches off and delivers what is ready.
    func flush() {
        drain()
        for (place, segment) in segments.enumerated() {
            guard underWay.count < Self.batchesUnderWay else { break }
            guard segment.isGathering, let context = segment.context, !context.hasFailed else { continue }
            // A batch of a COPY needs the tail that the one before it left.
            if context.copy != nil, place > 0, !context.isSteady { break }
            if underWay.count >= Self.batchesAhead, segment === segments.last, segment.mayGrow { break }
            dispatch(segment, context)
        }
    }

    /// Drops everything, what is with the masker too: nothing of the session counts or waits any more.
    func close() {
        isClosed = true
        for (_, exchange) in underWay.values { exchange.cancel() }
        underWay.removeAll()
        segments.removeAll()
        queuedBytes = 0
        droppedBytes = 0
    }

    @discardableResult
    private func add(_ bytes: ByteBuffer, context: Context?, command: Command?) -> Segment {
        let segment = Segment(bytes, context: context, command: command)
        segments.append(segment)
        queuedBytes += segment.size
        return segment
    }

    private func extend(_ segment: Segment, _ bytes: ByteBuffer) {
        segment.bytes.writeImmutableBuffer(bytes)
        segment.size += bytes.readableBytes
        queuedBytes += bytes.readableBytes
    }

    private func dispatch(_ segment: Segment, _ context: Context) {
        segment.state = .withMasker
        var batch = origin
        batch.command = segment.command?.number ?? 0
        batch.plan = context.plan
        batch.columns = context.columns ?? []
        batch.columnsKnown = context.columns != nil
        if let copy = context.copy {
            batch.copy = copy
            batch.tail = context.tail
            batch.last = segment.isLastOfCopy
            segment.tail = context.tail
        }
        let exchange = MaskExchange()
        underWay[ObjectIdentifier(segment)] = (segment, exchange)
        services.mask(
            batch, payload: [UInt8](segment.bytes.readableBytesView), session: session, traceparent: traceparent,
            exchange: exchange
        ) {
            [weak self] result in
            self?.masked(segment, result)
        }
    }

    private func masked(_ segment: Segment, _ result: Result<MaskedReply, MaskFailure>) {
        guard !isClosed else { return }
        underWay[ObjectIdentifier(segment)] = nil
        if case .dropped = segment.state {
            record(result, of: segment.command)
            droppedBytes -= segment.size
            return flush()
        }
        if let context = segment.context, context.copy != nil {
            segment.state = .answered(result)
            resize(segment, by: result.payloadBytes)
            settle(context)
        } else {
            take(result, for: segment)
        }
        flush()
    }

    /// Takes what is back of a COPY, in order. What was masked with another tail than the batch in front of it left is masked
    /// again, with that one, whatever became of it: of what comes back twice only what is taken counts.
    private func settle(_ context: Context) {
        for segment in segments where segment.context === context {
            switch segment.state {
            case .waiting, .withMasker: return
            case .answered(let result):
                if context.hasFailed {
                    drop(result, of: segment)
                    continue
                }
                resize(segment, by: -result.payloadBytes)
                guard segment.tail == context.tail else {
                    context.isSteady = false
                    segment.state = .waiting
                    return
                }
                take(result, for: segment)
            case .failed: context.hasFailed = true
            case .ready, .dropped: break
            }
        }
    }

    private func drop(_ result: Result<MaskedReply, MaskFailure>, of segment: Segment) {
        record(result, of: segment.command)
        resize(segment, by: -result.payloadBytes)
        segment.state = .dropped
    }

    private func take(_ result: Result<MaskedReply, MaskFailure>, for segment: Segment) {
        record(result, of: segment.command)
        switch result {
        case .success(let masked): take(masked, for: segment)
        case .failure(let failure): fail(segment, failure)
        }
    }

    private func resize(_ segment: Segment, by bytes: Int) {
        segment.size += bytes
        queuedBytes += bytes
    }

    private func fail(_ segment: Segment, _ failure: MaskFailure) {
        segment.state = .failed(failure)
        if let context = segment.context, context.copy != nil { context.hasFailed = true }
    }

    private func take(_ masked: MaskedReply, for segment: Segment) {
        let rewritten = ByteBuffer(bytes: masked.payload)
        let objection: String?
        do {
            objection = try RewrittenReply.objection(
                to: rewritten, for: segment.bytes, fields: segment.context?.keptFields)
        } catch {
            objection = "the reply came back with a message that cannot be read"
        }
        if let objection {
            StageLog.error("reply withheld: \(objection)", session: session, traceparent: traceparent)
            return fail(segment, MaskFailure(reason: objection))
        }
        queuedBytes += rewritten.readableBytes - segment.size
        segment.size = rewritten.readableBytes
        segment.bytes = rewritten
        segment.state = .ready
        segment.command?.count(masked.counts)
        if let context = segment.context, context.copy != nil {
            let tail = segment.isLastOfCopy ? Data() : Data(masked.tail)
            context.isSteady = tail == context.tail
            context.tail = tail
        }
    }

    private func record(_ result: Result<MaskedReply, MaskFailure>, of command: Command?) {
        let events =
            switch result {
            case .success(let masked): masked.events
            case .failure(let failure): failure.events
            }
        for var event in events {
            event.command = command?.number ?? 0
            record(.stageEvent(event))
        }
    }

    private func drain() {
        var anything = false
        loop: while canWrite(), let segment = segments.first {
            switch segment.state {
            case .waiting:
                // ReadyForQuery, up to which a withheld reply is dropped, is in none of these.
                guard isDiscarding || segment.context?.hasFailed == true else { break loop }
                segment.state = .dropped
            case .answered(let result):
                guard isDiscarding else { break loop }
                drop(result, of: segment)
            case .withMasker:
                guard isDiscarding else { break loop }
                segment.state = .dropped
                droppedBytes += segment.size
            case .dropped: break
            case .ready: deliver(segment.bytes, command: segment.command)
            case .failed(let failure):
                if let context = segment.context, context.copy != nil { context.hasFailed = true }
                withhold(failure, segment.bytes, command: segment.command)
            }
            anything = true
            queuedBytes -= segment.size
            segments.removeFirst()
            if segment.endsCommand, let command = segment.command { complete(command) }
        }
        if anything { delivered() }
    }

    private func deliver(_ bytes: ByteBuffer, command: Command?) {
        var bytes = bytes
        if isDiscarding {
            guard bytes.skipToReady() else { return }
            isDiscarding = false
        }
        guard bytes.readableBytes > 0 else { return }
        pass(bytes, command: command)
    }

    private func pass(_ bytes: ByteBuffer, command: Command?) {
        if let command {
            latest = command
            for piece in command.deliver(bytes, allowance) { record(.output(piece)) }
            if command.hasUnrecordedOutput { recordLater() }
        } else {
            for said in loose.take(bytes, allowance) { record(.output(said)) }
        }
        write(bytes)
    }

    private func complete(_ command: Command) {
        if latest === command { latest = nil }
        finished(command)
    }

    /// What is delivered while a command goes on is not recorded at its end alone.
    private func recordLater() {
        guard !isRecordingScheduled else { return }
        isRecordingScheduled = true
        services.eventLoop.assumeIsolated().scheduleTask(in: .microseconds(Int64(RecordedData.pieceAge))) {
            [weak self] in
            guard let self, !self.isClosed else { return }
            self.isRecordingScheduled = false
            guard let command = self.latest, command.hasUnrecordedOutput else { return }
            for piece in command.agedOutput() { self.record(.output(piece)) }
            if command.hasUnrecordedOutput { self.recordLater() }
        }
    }

    /// In place of what could not be masked, or what a stage withholds, the client gets an error, then ReadyForQuery when
    /// it comes.
    private func withhold(_ failure: MaskFailure, _ bytes: ByteBuffer, command: Command?) {
        if !isDiscarding {
            isDiscarding = true
            let notice = failure.refusal.map(Refusals.withheld) ?? Refusals.unmasked(failure.reason)
            if let command {
                command.sqlState = notice.sqlState
                command.error = notice.message
                command.status = .failed
            }
            pass(BackendEncoder.notice(notice), command: command)
        }
        deliver(bytes, command: command)
    }
}

extension Result<MaskedReply, MaskFailure> {
    /// Kept beside what was sent.
    fileprivate var payloadBytes: Int {
        switch self {
        case .success(let masked): masked.payload.count
        case .failure: 0
        }
    }
}
