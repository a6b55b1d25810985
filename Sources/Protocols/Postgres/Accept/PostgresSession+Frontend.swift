import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import PostgresWire

/// What the client sends: judged message by message, in order.
extension PostgresSession {
    func clientDidReceive(_ frame: Frame) {
        inbound.append(frame)
        inboundSize += frame.count
    }

    func clientDidFinishReading() {
        advance()
        updateReading()
    }

    func clientWritabilityDidChange() {
        guard !isEnded else { return }
        if client.isWritable { replies.flush() }
        updateReading()
    }

    /// Judges what can be judged and sends what can be sent.
    func advance() {
        repeat {
            judgeInbound()
            drainOutbound()
            // Sending may have made room for more to be judged.
        } while mayJudge && !isEnded
        if turn.isUsedUp(in: services.turn), !inbound.isEmpty { continueNextTurn() }
    }

    private func continueNextTurn() {
        guard !isEnded, !turn.isScheduled else { return }
        turn.isScheduled = true
        services.eventLoop.scheduleTask(in: Self.turnPause) { [weak self] in
            guard let self else { return }
            self.turn.isScheduled = false
            self.advance()
            self.updateReading()
            self.flushClient()
        }
    }

    private var mayJudge: Bool {
        guard hasRoom, let frame = inbound.first else { return false }
        return mayFollow(frame) && !isUnsettled
    }

    /// Whether one more command may be taken: none is being judged, neither the recorder nor the target is behind, and
    /// the others wait no longer than they must.
    private var hasRoom: Bool {
        guard case .open = gate, !turn.isUsedUp(in: services.turn) else { return false }
        return outbound.count < Self.outboundMessages && outboundSize < Self.outboundBytes
            && !recording.isFull
    }

    private func judgeInbound() {
        guard !isEnded else { return }
        isUnsettled = false
        while hasRoom, let frame = inbound.first {
            guard mayFollow(frame) else {
                // The target would wait for copy data for ever.
                guard copyIn != .active else {
                    let message = "unexpected message type 0x\(Hexadecimal.encode([frame.type])) during COPY from stdin"
                    return end("protocol violation", failure: SessionFailure("08P01", message))
                }
                break
            }
            inbound.removeFirst()
            inboundSize -= frame.count
            do {
                guard try handle(frame) else {
                    // Names are unsettled: the message waits for replies.
                    inbound.prepend(frame)
                    inboundSize += frame.count
                    isUnsettled = true
                    return
                }
            } catch {
                return end("protocol violation", failure: SessionFailure("08P01", "protocol violation: \(error)"))
            }
            guard !isEnded else { return }
        }
    }

    /// Whether a message may be looked at now. Behind a barrier only copy data passes.
    private func mayFollow(_ frame: Frame) -> Bool {
        guard barrier != nil else { return true }
        switch frame.type {
        case FrontendType.copyData, FrontendType.copyDone, FrontendType.copyFail, FrontendType.terminate: return true
        // The target ignores these during COPY; before it they wait like everything else.
        case FrontendType.sync, FrontendType.flush: return copyIn == .active
        default: return false
        }
    }

    /// Handles one message; false when it must wait for replies that are outstanding.
    private func handle(_ frame: Frame) throws -> Bool {
        if isSkippingToSync {
            switch frame.type {
            case FrontendType.sync: isSkippingToSync = false
            case FrontendType.terminate: break
            default: return true
            }
        }
        switch frame.type {
        case FrontendType.query:
            let query = try QueryMessage(frame)
            judgeQuery(frame, text: [UInt8](query.text.readableBytesView))
        case FrontendType.parse: return try handleParse(frame)
        case FrontendType.bind: return try handleBind(frame)
        case FrontendType.describe: return try handleDescribe(frame)
        case FrontendType.execute: return try handleExecute(frame)
        case FrontendType.close: return try handleClose(frame)
        case FrontendType.sync:
            guard frame.count == 5 else { throw WireError("Sync has a body") }
            if copyIn == .active { return true }
            isMidBatch = false
            executedInBatch = 0
            batch += 1
            enqueue(.message(frame.bytes, after: 0, expecting: .sync, type: frame.type))
        case FrontendType.flush:
            guard frame.count == 5 else { throw WireError("Flush has a body") }
            if copyIn == .active { return true }
            enqueue(.message(frame.bytes, after: 0, expecting: nil, type: frame.type))
        case FrontendType.copyDone, FrontendType.copyFail:
            enqueue(.message(frame.bytes, after: 0, expecting: nil, type: frame.type))
            if copyIn != .none {
                copyIn = .finishing
                enqueue(Self.flushRequest)
            }
        case FrontendType.copyData:
            recordInput(frame.bytes)
            enqueue(.message(frame.bytes, after: 0, expecting: nil, type: frame.type))
        case FrontendType.functionCall:
            refuseUnjudged(frame, Refusals.functionCall(), message: "FunctionCall", extended: false) {
                $0.raw = Data(frame.bytes.readableBytesView)
            }
        case FrontendType.terminate:
            enqueue(.terminate)
        default:
            throw WireError("unexpected message type \(frame.type)")
        }
        return true
    }

    // MARK: Simple protocol

    private func judgeQuery(_ frame: Frame, text: [UInt8]) {
        let digest = Self.digest(text)
        let request = request(.execution, digest: digest, textDigest: digest, text: text)
        start(request, frame: frame, message: "Query", extended: false) { [self] number, record, ruling in
            let command = Command(number: number, ruling: ruling)
            guard ruling.facts.revealedTokens.isEmpty else { return askToReveal(command) }
            raiseBarrier(for: command, text: text)
            if isMidBatch, let limit = command.limit, RowLimit.mayChange(command.facts) {
                // Whether the batch has begun a transaction shows at its Sync.
                lowerBarrier(command)
                return refuse(number, Refusals.unlimitable(limit, "a batch is open before it"), extended: false)
            }
            if command.limit != nil, !command.facts.operations.contains("execute") {
                command.retry = Retry(request: request, frame: frame)
            }
            enqueue(.message(frame.bytes, after: record, expecting: .query(command), type: frame.type))
        }
    }

    // MARK: Extended protocol

    private func handleParse(_ frame: Frame) throws -> Bool {
        let parse = try ParseMessage(frame)
        if statements.isUnsettled(parse.name, batch: batch) { return false }
        let text = [UInt8](parse.text.readableBytesView)
        func refuseUnread(_ notice: WireNotice) {
            refuseUnjudged(frame, notice, message: "Parse", extended: true) {
                $0.setText(text)
                $0.statementName = parse.name
            }
        }
        if !parse.name.isEmpty {
            if case .found = statements.lookup(parse.name, batch: batch) {
                refuseUnread(Refusals.duplicateStatement(parse.name))
                return true
            }
            guard !statements.isFull else {
                throw WireError("more than \(NameTable<PreparedStatement>.maximumNames) prepared statements")
            }
        }
        // Many small statements are bounded by their count, large ones by their bytes.
        if text.count > Self.smallStatement,
            statements.values.reduce(text.count, { $0 + $1.text.count }) > Self.statementBytes
        {
            refuseUnread(Refusals.tooManyStatements())
            return true
        }
        let digest = Self.digest(text)
        let request = request(.statement, digest: digest, textDigest: digest, text: text)
        isMidBatch = true
        start(request, frame: frame, message: "Parse", extended: true, statementName: parse.name) {
            [self] number, record, ruling in
            if !parse.name.isEmpty, Self.needsNoName(ruling.facts) {
                return refuse(number, Refusals.unnamedOnly(), extended: true)
            }
            if !parse.name.isEmpty {
                executables.add(
                    epoch: ruling.epoch, isForOnce: ruling.isForOnce, limit: RowLimit(ruling.limits))
            }
            let command = Command(number: number, ruling: ruling)
            let statement = PreparedStatement(
                text: text, textDigest: digest, types: parse.types, epoch: ruling.epoch,
                isHeld: ruling.outcome == .hold, mask: ruling.mask)
            let definition = statements.define(parse.name, statement, batch: batch)
            enqueue(
                .message(frame.bytes, after: record, expecting: .parse(command, definition), type: frame.type))
        }
        return true
    }

    /// A command that changes what names stand for must not be run by name with SQL EXECUTE, where it is not seen.
    private static func needsNoName(_ facts: Facts) -> Bool {
        !facts.preparedNames.isEmpty || !facts.deallocatedNames.isEmpty || facts.hasCopy
            || facts.operations.contains(where: ["cursor", "execute", "opaque"].contains)
    }

    private func handleBind(_ frame: Frame) throws -> Bool {
        let bind = try BindMessage(frame)
        if portals.isUnsettled(bind.portal, batch: batch) { return false }
        switch statements.lookup(bind.statement, batch: batch) {
        case .unsettled: return false
        case .missing:
            refuseUnjudged(frame, Refusals.unknownStatement(bind.statement), message: "Bind", extended: true) {
                $0.parameters = Self.recorded(bind.parameters)
                $0.statementName = bind.statement
                $0.portalName = bind.portal
            }
        case .found(let statement):
            if !bind.portal.isEmpty, portals.isFull {
                throw WireError("more than \(NameTable<Portal>.maximumNames) portals")
            }
            isMidBatch = true
            judgeExecution(of: statement, bind: bind, frame: frame, message: "Bind") {
                [self] command, record, ruling, request in
                let admitted = AdmittedBind(
                    bind: bind, frame: frame, statement: statement, command: command, record: record, request: request,
                    mask: ruling.mask)
                if admitted.needsColumns { matchColumns(admitted) } else { send(admitted, as: frame.bytes) }
            }
        }
        return true
    }

    /// - Parameter bytes: the Bind as the target gets it.
    func send(_ admitted: AdmittedBind, as bytes: ByteBuffer) {
        let (bind, command, statement) = (admitted.bind, admitted.command, admitted.statement)
        let columns = PortalColumns(of: statement.columns)
        let portal = Portal(command: command, statement: statement, columns: columns)
        // There is one unnamed portal, so that few such messages are kept. What EXECUTE runs was judged before: judged
        // again, only the EXECUTE would be.
        if command.limit != nil, bind.portal.isEmpty, !command.facts.operations.contains("execute") {
            command.retry = Retry(
                request: admitted.request, frame: admitted.frame,
                portal: Retry.Portal(bind: bytes, name: bind.statement, statement: statement, columns: columns))
        }
        let definition = portals.define(bind.portal, portal, batch: batch)
        enqueue(
            .message(bytes, after: admitted.record, expecting: .bind(command, definition), type: FrontendType.bind))
        if !admitted.mask.isEmpty || services.shared.inspectsReplies {
            // Rows are masked by what the portal says its columns are, whether the client asks or not.
            enqueue(
                .message(
                    FrontendEncoder.describePortal(bind.portal), after: 0,
                    expecting: .columnsOfPortal(columns, admitted.mask, settles: true), type: FrontendType.describe))
        }
    }

    private func judgeExecution(
        of statement: PreparedStatement, bind: BindMessage, frame: Frame, message: String,
        release: @escaping (Command, UInt64, Ruling, JudgeRequest) -> Void
    ) {
        let digest = Self.digest(of: statement, bind: bind)
        let request = request(
            .execution, digest: digest, textDigest: statement.textDigest, text: statement.text,
            parameters: bind.parameters.map(Self.readable))
        start(
            request, frame: frame, message: message, extended: true, statementName: bind.statement,
            portalName: bind.portal, parameters: Self.recorded(bind.parameters),
            question: PlanQuestion(text: statement.text, types: statement.types, parameters: bind.parameters)
        ) { number, record, ruling in
            release(Command(number: number, ruling: ruling), record, ruling, request)
        }
    }

    private func handleDescribe(_ frame: Frame) throws -> Bool {
        let describe = try NamedObjectMessage(frame)
        isMidBatch = true
        if describe.isPortal {
            if portals.isUnsettled(describe.name, batch: batch) { return false }
            // A cursor made by SQL may be described too: only running it needs a judgement.
            let portal: Portal? =
                if case .found(let found) = portals.lookup(describe.name, batch: batch) { found } else { nil }
            enqueue(.message(frame.bytes, after: 0, expecting: .describePortal(portal?.columns), type: frame.type))
        } else {
            if statements.isUnsettled(describe.name, batch: batch) { return false }
            let statement = noteDescription(of: describe.name)
            enqueue(.message(frame.bytes, after: 0, expecting: .describeStatement(statement), type: frame.type))
        }
        return true
    }

    private func handleExecute(_ frame: Frame) throws -> Bool {
        let execute = try ExecuteMessage(frame)
        isMidBatch = true
        let portal: Portal
        switch portals.lookup(execute.portal, batch: batch) {
        case .unsettled: return false
        case .missing:
            refuseUnjudged(frame, Refusals.unknownPortal(execute.portal), message: "Execute", extended: true) {
                $0.portalName = execute.portal
            }
            return true
        case .found(let found): portal = found
        }
        guard portal.wasExecuted || portal.command.epoch != services.shared.policyEpoch else {
            // The first run of a portal is the command that its Bind was judged and recorded as, by the policy of now.
            portals.update(execute.portal) { $0.wasExecuted = true }
            portal.command.retry?.frame = frame
            release(portal.command, of: portal, frame: frame, record: 0)
            return true
        }
        // Every further one is a command of its own, by the policy of now.
        let digest = Self.digest(
            Array("sluice-execute-v1\0".utf8) + portal.statement.textDigest + Array(execute.portal.utf8))
        var request = request(
            .execution, digest: digest, textDigest: portal.statement.textDigest, text: portal.statement.text)
        // The same plan goes on.
        request.estimate = portal.command.estimate
        start(request, frame: frame, message: "Execute", extended: true, portalName: execute.portal) {
            [self] number, record, ruling in
            let command = Command(number: number, ruling: ruling, continuing: portal.command)
            if !command.mask.isEmpty, portal.command.mask.isEmpty {
                enqueue(
                    .message(
                        FrontendEncoder.describePortal(execute.portal), after: record,
                        expecting: .columnsOfPortal(portal.columns, command.mask, settles: false),
                        type: FrontendType.describe))
            }
            release(command, of: portal, frame: frame, record: record)
        }
        return true
    }

    private func release(_ command: Command, of portal: Portal, frame: Frame, record: UInt64) {
        raiseBarrier(for: command, text: portal.statement.text)
        executedInBatch += 1
        enqueue(.message(frame.bytes, after: record, expecting: .execute(portal.columns, command), type: frame.type))
        if barrier === command { enqueue(Self.flushRequest) }
    }

    /// Makes the target answer what it has, where Sluice waits for it before the client's Sync.
    static var flushRequest: Outbound {
        .message(FrontendEncoder.flush(), after: 0, expecting: nil, type: FrontendType.flush)
    }

    private func handleClose(_ frame: Frame) throws -> Bool {
        let close = try NamedObjectMessage(frame)
        isMidBatch = true
        let reply: ExpectedReply
        if close.isPortal {
            if portals.isUnsettled(close.name, batch: batch) { return false }
            reply = .closePortal(portals.remove(close.name))
        } else {
            if statements.isUnsettled(close.name, batch: batch) { return false }
            reply = .closeStatement(statements.remove(close.name))
        }
        enqueue(.message(frame.bytes, after: 0, expecting: reply, type: frame.type))
        return true
    }

    // MARK: Digests

    static func digest(_ text: [UInt8]) -> [UInt8] { SHA256Digest(of: text).bytes }

    /// Over everything that decides what an execution does: text, declared types, formats and values.
    static func digest(of statement: PreparedStatement, bind: BindMessage) -> [UInt8] {
        var input = Array("sluice-bind-v1\0".utf8)
        input += statement.textDigest
        withUnsafeBytes(of: UInt64(statement.types.readableBytes).bigEndian) { input += $0 }
        input += statement.types.readableBytesView
        input += bind.rest.readableBytesView
        return digest(input)
    }

    /// A bind value as a reviewer reads it, whole.
    static func readable(_ parameter: (format: Int16, value: ByteBuffer?)) -> String {
        guard let value = parameter.value else { return "NULL" }
        let bytes = [UInt8](value.readableBytesView)
        if parameter.format == 0, let text = String(validating: bytes, as: UTF8.self) { return text }
        return "\\x" + Hexadecimal.encode(bytes)
    }

    private static func recorded(_ parameters: [(format: Int16, value: ByteBuffer?)]) -> [Parameter] {
        parameters.map { parameter in
            var one = Parameter()
            one.format = Int32(parameter.format)
            if let value = parameter.value { one.value = Data(value.readableBytesView) } else { one.null = true }
            return one
        }
    }

    private func request(
        _ purpose: CommandPurpose, digest: [UInt8], textDigest: [UInt8], text: [UInt8], parameters: [String] = []
    ) -> JudgeRequest {
        JudgeRequest(
            session: id, principal: principal, principalKey: principalKey, resource: resource.name,
            protocolName: "postgres", purpose: purpose, digest: digest, textDigest: textDigest, text: text,
            parameters: parameters)
    }
}
