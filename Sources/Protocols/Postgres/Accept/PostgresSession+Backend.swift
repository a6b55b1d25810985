import Bus
import Configuration
import Contract
import Foundation
import Gateway
import NIOCore
import PostgresWire

/// What the target answers: matched to what was asked, masked, and delivered in order.
extension PostgresSession: TargetEvents {
    func targetDidReceive(_ frame: Frame) {
        guard !isEnded else { return }
        receive(StalledReply(frame: frame, isCounted: false))
    }

    private func receive(_ reply: StalledReply) {
        if stalled != nil {
            stalled?.append(reply)
            return
        }
        do {
            if !reply.isCounted, try takeLimited(reply.frame) { return }
            try handleReply(reply.frame)
        } catch {
            targetBrokeProtocol(error)
        }
    }

    func targetBrokeProtocol(_ error: any Error) {
        end(
            "the target broke the protocol",
            failure: SessionFailure("08P01", "the target broke the protocol", detail: "\(error)"))
    }

    func targetDidFinishReading() {
        guard !isEnded else { return }
        replies.flush()
        flushClient()
        advance()
        updateReading()
    }

    func targetWritabilityDidChange() { updateReading() }

    func targetDidClose(_ failure: SessionFailure?) {
        guard !isEnded else { return }
        replies.flush()
        end(
            "the target closed the connection",
            failure: failure ?? SessionFailure("57P01", "the target closed the connection"))
    }

    func handleReply(_ frame: Frame) throws {
        if case .own(let undone) = expected.first, try isOwn(frame) {
            expected.removeFirst()
            if let undone { judgeExcess(undone) }
            return
        }
        switch frame.type {
        case BackendType.noticeResponse: deliver(frame, plan: sessionMask, command: running)
        case BackendType.notificationResponse: deliver(frame, plan: sessionMask, command: nil)
        case BackendType.parameterStatus:
            let status = try BackendDecoder.parameterStatus(frame)
            if let objection = StartupRules.objection(toSetting: status.name, value: status.value) {
                return end("unsafe setting", failure: objection)
            }
            deliver(frame, plan: sessionMask, command: nil)
        case BackendType.errorResponse: try handleError(frame)
        case BackendType.readyForQuery: try handleReady(frame)
        case BackendType.parseComplete:
            guard case .parse(let command, let definition) = expected.popFirst() else { throw unexpected(frame) }
            statements.confirm(definition)
            replies.append(frame.bytes, command: command)
            finish(command, .done)
        case BackendType.bindComplete:
            switch expected.popFirst() {
            case .bind(_, let definition):
                portals.confirm(definition)
                replies.append(frame.bytes, command: nil)
            case .rebind(let definition): portals.confirm(definition)
            default: throw unexpected(frame)
            }
        case BackendType.closeComplete:
            switch expected.popFirst() {
            case .closePortal, .closeStatement: replies.append(frame.bytes, command: nil)
            default: throw unexpected(frame)
            }
        case BackendType.parameterDescription:
            switch expected.first {
            case .describeStatement: replies.append(frame.bytes, command: nil)
            case .columnsOfStatement: break
            default: throw unexpected(frame)
            }
        case BackendType.rowDescription: try handleRowDescription(frame)
        case BackendType.noData: try handleNoData(frame)
        case BackendType.dataRow:
            switch expected.first {
            case .query(let command):
                command.rows += 1
                deliverData(frame, columns: queryColumns, command: command)
            case .execute(let portal, let command):
                command.rows += 1
                if command.rows == 1 {
                    command.columns = portal.columns ?? []
                    command.checkOutputs(described: portal.columns?.count ?? -1)
                    if portal.contradictDescription {
                        return replies.appendWithheld(frame, StatementColumns.contradiction, command: command)
                    }
                }
                deliverData(frame, columns: portal.columns, command: command)
            default: throw unexpected(frame)
            }
        case BackendType.commandComplete, BackendType.emptyQueryResponse, BackendType.portalSuspended:
            try handleComplete(frame)
        case BackendType.copyInResponse:
            guard let command = running, command.facts.copy.in || command.facts.opaque else { throw unexpected(frame) }
            if copyIn == .possible { copyIn = .active }
            replies.append(frame.bytes, command: command)
        case BackendType.copyOutResponse: try beginCopyOut(frame)
        case BackendType.copyData:
            guard let command = running, let copyOut else { throw unexpected(frame) }
            command.rows += 1
            deliverData(frame, columns: queryColumns, copy: copyOut, command: command)
        case BackendType.copyDone:
            guard let command = running, copyOut != nil else { throw unexpected(frame) }
            replies.endCopy()
            self.copyOut = nil
            replies.append(frame.bytes, command: command)
        default:
            throw unexpected(frame)
        }
    }

    /// Whether this is a step of a statement of Sluice's own.
    private func isOwn(_ frame: Frame) throws -> Bool {
        switch frame.type {
        case BackendType.closeComplete, BackendType.parseComplete, BackendType.bindComplete,
            BackendType.commandComplete:
            return true
        // An error, of a client's cancel perhaps, is the batch's.
        case BackendType.errorResponse, BackendType.noticeResponse, BackendType.notificationResponse,
            BackendType.parameterStatus:
            return false
        default: throw unexpected(frame)
        }
    }

    /// The command whose reply data comes now.
    var running: Command? {
        switch expected.first {
        case .query(let command), .execute(_, let command): command
        default: nil
        }
    }

    private func unexpected(_ frame: Frame) -> WireError { WireError("unexpected message type \(frame.type)") }

    private func deliver(_ frame: Frame, plan: MaskPlan, command: Command?) {
        if plan.isEmpty {
            replies.append(frame.bytes, command: command)
        } else {
            replies.append(frame, maskedBy: plan, columns: nil, copy: nil, command: command)
        }
    }

    /// Rows and copy data: through the response lane when there is something to mask, and whenever the operator's own
    /// stages stand in it.
    private func deliverData(_ frame: Frame, columns: [ResultColumn]?, copy: CopyShape? = nil, command: Command) {
        if command.mask.isEmpty, !services.shared.inspectsReplies {
            replies.append(frame.bytes, command: command)
        } else {
            replies.append(frame, maskedBy: command.mask, columns: columns, copy: copy, command: command)
        }
    }

    // MARK: Ends

    private func handleComplete(_ frame: Frame) throws {
        guard let command = running else { throw unexpected(frame) }
        if frame.type == BackendType.commandComplete { command.tag = try BackendDecoder.commandTag(frame) }
        replies.append(frame.bytes, command: command)
        guard case .execute = expected.first else {
            queryColumns = nil
            return
        }
        expected.removeFirst()
        ran(command)
        finish(command, frame.type == BackendType.portalSuspended ? .suspended : .done)
    }

    private func handleError(_ frame: Frame) throws {
        copyOut = nil
        let fields = try BackendDecoder.errorFields(frame)
        let head = expected.first
        switch head {
        case .refusedQuery(let notice, let command):
            replies.append(BackendEncoder.notice(notice), command: command)
            return
        case .refusedParse(let notice, let command):
            replies.append(BackendEncoder.notice(notice), command: command)
        case .execute(_, let command) where command.limiter?.objection != nil:
            replies.append(BackendEncoder.notice(Refusals.beyondLimit(command)), command: command)
        case .undoing: return
        case nil, .sync, .query, .reveal, .parse, .bind, .describeStatement, .describePortal, .columnsOfPortal,
            .columnsOfStatement, .execute, .closeStatement, .closePortal, .own, .rebind:
            var plan = sessionMask
            if let command = head?.command {
                plan.tighten(command.mask)
                command.sqlState = fields[UInt8(ascii: "C")] ?? ""
                // What the client sees of a message that is masked shows when it is delivered.
                command.error = plan.isEmpty ? fields[UInt8(ascii: "M")] ?? "" : ""
                command.errorMayQuote = QuotingErrors.contain(fields)
                command.status = .failed
            }
            deliver(frame, plan: plan, command: head?.command)
        }
        guard let head, !head.endsWithReady else { return }
        // The target skips to Sync, simple queries too, and so does everything on its way there.
        var skipped: [ExpectedReply] = []
        while let next = expected.first {
            if case .sync = next { break }
            skipped.append(next)
            expected.removeFirst()
        }
        for reply in skipped {
            if let command = reply.command, case .execute = reply { ran(command) }
        }
        if expected.isEmpty { dropOutboundToSync() }
        undo(skipped)
    }

    private func handleReady(_ frame: Frame) throws {
        let status = try BackendDecoder.readyForQuery(frame)
        let head = expected.popFirst()
        let command: Command?
        switch head {
        case .query(let running): command = running
        case .refusedQuery(_, let refused): command = refused
        case .sync: command = nil
        case .undoing(let undone): return try batchUndone(undone, status)
        case nil, .reveal, .parse, .refusedParse, .bind, .describeStatement, .describePortal, .columnsOfPortal,
            .columnsOfStatement, .execute, .closeStatement, .closePortal, .own, .rebind:
            throw unexpected(frame)
        }
        becomeReady(status)
        replies.append(frame.bytes, command: command)
        if let command {
            ran(command)
            finish(command, .done)
        }
    }

    /// The target is done with a query or a batch, and stands at `status`.
    func becomeReady(_ status: TransactionStatus) {
        self.status = status
        queryColumns = nil
        if status == .idle {
            portals.removeSettled()
            forgetDefinitions()
        }
    }

    /// A command ran, well or not: names that it may have changed are no longer known.
    func ran(_ command: Command) {
        let facts = command.facts
        if facts.opaque || facts.deallocatedNames.contains("*") { statements.removeAll() }
        // What is forgotten here can only be refused; what SQL EXECUTE may still run is kept apart.
        for name in facts.deallocatedNames + facts.preparedNames { statements.remove(name) }
        if facts.statements == 1, ["DEALLOCATE ALL", "DISCARD ALL"].contains(command.tag) { executables.removeAll() }
        if facts.opaque || facts.operations.contains("cursor") { portals.removeAll() }
        lowerBarrier(command)
    }

    /// What was changed in a transaction shows to others, and so to the catalogue's connection, when it has ended.
    private func forgetDefinitions() {
        guard changesDefinitions else { return }
        changesDefinitions = false
        transactionNames = []
        catalog.invalidate()
        services.shared.changeDefinitions(of: resource.name)
    }

    // MARK: Columns

    private func handleRowDescription(_ frame: Frame) throws {
        switch expected.first {
        case .query(let command) where command.mask.drops:
            let fields = try BackendDecoder.rowDescription(frame)
            command.checkOutputs(described: fields.count)
            let plan = command.mask
            resolve(fields, for: plan) { [weak self] found in
                let columns = found.map(plan.markingDropped)
                self?.queryColumns = columns
                self?.deliver(frame, without: columns, command: command)
            }
        case .query(let command):
            replies.append(frame.bytes, command: command)
            guard !command.mask.isEmpty || services.shared.inspectsReplies else { return }
            let fields = try BackendDecoder.rowDescription(frame)
            command.checkOutputs(described: fields.count)
            resolve(fields, for: command.mask) { [weak self] in self?.queryColumns = $0 }
        case .columnsOfPortal(let portal, let plan, let settles):
            expected.removeFirst()
            resolve(try BackendDecoder.rowDescription(frame), for: plan) {
                portal.take($0, droppedBy: settles ? plan : nil)
            }
        case .columnsOfStatement(let columns, let plan):
            expected.removeFirst()
            resolve(try BackendDecoder.rowDescription(frame), for: plan) { [weak self] in
                self?.described(columns, as: $0)
            }
        case .describeStatement(let statement):
            expected.removeFirst()
            try deliverDescription(frame, of: statement)
        case .describePortal(let portal?):
            expected.removeFirst()
            deliver(frame, without: portal.columns, command: nil)
        case .describePortal(nil):
            expected.removeFirst()
            try deliverDescription(frame, of: nil)
        default: throw unexpected(frame)
        }
    }

    private func handleNoData(_ frame: Frame) throws {
        switch expected.popFirst() {
        case .columnsOfPortal(let portal, _, _): portal.columns = []
        case .columnsOfStatement(let columns, _): described(columns, as: [])
        case .describeStatement(let statement):
            replies.append(frame.bytes, command: nil)
            statement?.columns.told = []
            if let statement { described(statement.columns, as: []) }
        case .describePortal: replies.append(frame.bytes, command: nil)
        default: throw unexpected(frame)
        }
    }

    /// Finds the tables that fields come from. Target messages wait meanwhile.
    func resolve(_ fields: [FieldDescription], for plan: MaskPlan, _ done: @escaping ([ResultColumn]?) -> Void) {
        let oids = plan.columns.isEmpty ? [] : Array(Set(fields.map(\.tableOID).filter { $0 != 0 })).sorted()
        guard !oids.isEmpty else { return done(Self.columns(fields, tables: [:])) }
        stall { [catalog] resume in
            catalog.tables(oids) { tables in
                resume { done(tables.map { Self.columns(fields, tables: $0) }) }
            }
        }
    }

    private static func columns(_ fields: [FieldDescription], tables: [UInt32: Catalog.Table]) -> [ResultColumn] {
        fields.map { field in
            var column = ResultColumn()
            column.name = field.name
            column.type = field.typeOID
            column.format = Int32(field.format)
            if let table = tables[field.tableOID],
                let origin = table.columns.first(where: { $0.number == field.attribute })
            {
                column.hasOrigin_p = true
                column.originSchema = table.schema
                column.originTable = table.name
                column.originColumn = origin.name
                column.originIsTable = table.isTable
            }
            return column
        }
    }

    private func beginCopyOut(_ frame: Frame) throws {
        guard let command = running, command.facts.copy.out || command.facts.opaque else { throw unexpected(frame) }
        var shape = command.facts.copy
        // A shape that is not known from the text is taken for what the target says: text or binary.
        if shape.format.isEmpty {
            shape.format =
                frame.bytes.getInteger(at: frame.bytes.readerIndex + 5, as: UInt8.self) == 1 ? "binary" : "text"
        }
        copyOut = shape
        queryColumns = nil
        let drops = command.mask.drops
        if !drops { replies.appendStart(ofCopy: frame.bytes, command: command) }
        guard !command.mask.columns.isEmpty || !command.mask.detectors.isEmpty || drops else { return }
        guard !shape.table.isEmpty else {
            if !command.mask.columns.isEmpty { queryColumns = Self.columns(ofQuery: command.facts, shape) }
            if drops { startCopyDropping(frame, command) }
            return
        }
        let parts = shape.table.split(separator: ".", maxSplits: 1).map(String.init)
        stall { [catalog] resume in
            catalog.table(schema: parts.count == 2 ? parts[0] : nil, name: parts[parts.count - 1]) {
                [weak self] table in
                resume {
                    let columns = table.flatMap { Self.columns(ofCopy: shape, table: $0) }
                    self?.queryColumns = columns
                    // Generated columns are left out, which the catalogue's list does not tell.
                    if let columns, !command.facts.outputs.isEmpty { command.checkOutputs(described: columns.count) }
                    if drops { self?.startCopyDropping(frame, command) }
                }
            }
        }
    }

    /// COPY (query) describes no columns: what is known of them is what the text tells, by position.
    private static func columns(ofQuery facts: Facts, _ shape: CopyShape) -> [ResultColumn]? {
        guard facts.outputsKnown, !facts.outputs.isEmpty, !facts.outputs.contains(where: \.star) else { return nil }
        return facts.outputs.map { _ in
            var column = ResultColumn()
            column.format = shape.format == "binary" ? 1 : 0
            return column
        }
    }

    /// COPY sends the listed columns, or all that are not generated, in their order.
    private static func columns(ofCopy shape: CopyShape, table: Catalog.Table) -> [ResultColumn]? {
        let names = shape.columns.isEmpty ? table.columns.filter { !$0.isGenerated }.map(\.name) : shape.columns
        let found = names.compactMap { name in table.columns.first { $0.name == name } }
        guard found.count == names.count else { return nil }
        return found.map { described in
            let name = described.name
            var column = ResultColumn()
            column.name = name
            column.type = described.type
            column.hasOrigin_p = true
            column.originSchema = table.schema
            column.originTable = table.name
            column.originColumn = name
            column.originIsTable = table.isTable
            column.format = shape.format == "binary" ? 1 : 0
            return column
        }
    }

    /// Keeps target messages waiting until `work` calls its argument, at once or later.
    private func stall(_ work: (_ resume: @escaping (() -> Void) -> Void) -> Void) {
        var isDone = false
        stalled = CircularBuffer()
        work { [weak self] apply in
            guard let self, !self.isEnded else { return }
            apply()
            isDone = true
            let frames = self.stalled ?? CircularBuffer()
            self.stalled = nil
            guard !frames.isEmpty else { return self.updateReading() }
            var rest = frames
            while let reply = rest.popFirst() {
                self.receive(reply)
                guard !self.isEnded else { return }
            }
            self.targetDidFinishReading()
        }
        if !isDone { updateReading() }
    }
}
