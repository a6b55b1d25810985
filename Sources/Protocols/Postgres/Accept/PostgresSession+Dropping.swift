import Contract
import Gateway
import NIOCore
import PostgresWire

/// A Bind that may run.
struct AdmittedBind {
    let bind: BindMessage
    let frame: Frame
    let statement: PreparedStatement
    let command: Command
    let record: UInt64
    let request: JudgeRequest
    let mask: MaskPlan

    /// The client may have been told of other columns than its plan leaves, or has formats for those that it was told of.
    var needsColumns: Bool {
        guard mask.drops || statement.mask.drops else { return false }
        return mask.drops && bind.resultFormats.count > 1
            || statement.columns.isDescribed && mask.droppingMasks != statement.mask.droppingMasks
    }
}

/// A Bind that waits until its statement's columns are known.
struct WaitingBind {
    let admitted: AdmittedBind
    let plan: MaskPlan
}

/// Columns that the client does not get. What it is told of a result's columns and what its rows have always agree.
extension PostgresSession {
    // MARK: Descriptions

    /// The statement that the client asks about.
    func noteDescription(of name: String) -> PreparedStatement? {
        guard case .found(let statement) = statements.lookup(name, batch: batch) else { return nil }
        statement.columns.isDescribed = true
        if statement.mask.drops, case .unknown = statement.columns.state { statement.columns.state = .asked }
        return statement
    }

    /// Delivers what the client asked about a statement, or about a portal that is not known here: SQL made it, and what is
    /// masked of its rows is decided when it is run.
    func deliverDescription(_ frame: Frame, of statement: PreparedStatement?) throws {
        let plan = statement?.mask ?? sessionMask
        guard plan.drops else {
            statement?.columns.told = []
            return replies.append(frame.bytes, command: nil)
        }
        resolve(try BackendDecoder.rowDescription(frame), for: plan) { [weak self] found in
            let columns = found.map(plan.markingDropped)
            statement?.columns.told = columns?.droppedPlaces ?? []
            self?.deliver(frame, without: columns, command: nil)
            if let statement { self?.described(statement.columns, as: found) }
        }
    }

    /// Delivers a description without the columns that are marked as dropped.
    func deliver(_ frame: Frame, without columns: [ResultColumn]?, command: Command?) {
        let places = columns?.droppedPlaces ?? []
        guard !places.isEmpty else { return replies.append(frame.bytes, command: command) }
        do {
            replies.append(try FieldRemoval.rowDescription(frame, without: places), command: command)
        } catch {
            targetBrokeProtocol(error)
        }
    }

    /// Begins a COPY whose columns were looked up.
    func startCopyDropping(_ frame: Frame, _ command: Command) {
        let announced = frame.bytes.getInteger(at: frame.bytes.readerIndex + 6, as: Int16.self).map(Int.init)
        // What was looked up is not what comes: then nothing is known.
        if queryColumns?.count != announced { queryColumns = nil }
        queryColumns = queryColumns.map(command.mask.markingDropped)
        do {
            let places = queryColumns?.droppedPlaces ?? []
            replies.appendStart(
                ofCopy: places.isEmpty ? frame.bytes : try FieldRemoval.copyOutResponse(frame, without: places),
                command: command)
        } catch {
            targetBrokeProtocol(error)
        }
    }

    // MARK: Bind

    /// Sends a Bind on once its statement's columns are known: with the formats that it has for those of the client, or not at
    /// all when the client knows others.
    func matchColumns(_ admitted: AdmittedBind) {
        let columns = admitted.statement.columns
        if case .known(let known) = columns.state { return match(admitted, known) }
        var plan = admitted.statement.mask
        plan.tighten(admitted.mask)
        waitingBind = WaitingBind(admitted: admitted, plan: plan)
        gate = .resolving(
            PendingCommand(
                number: admitted.command.number, frame: admitted.frame,
                question: PlanQuestion(text: admitted.statement.text), ruled: { _ in }))
        switch columns.state {
        case .asked: enqueue(Self.flushRequest)
        case .unknown, .known: askColumns(of: columns)
        }
    }

    private func askColumns(of columns: StatementColumns) {
        guard let waiting = waitingBind else { return }
        columns.state = .asked
        enqueue(
            .message(
                FrontendEncoder.describeStatement(waiting.admitted.bind.statement), after: 0,
                expecting: .columnsOfStatement(columns, waiting.plan), type: FrontendType.describe))
        enqueue(Self.flushRequest)
    }

    /// The target has described a statement. nil: the catalogue could not be asked about its columns.
    func described(_ columns: StatementColumns, as found: [ResultColumn]?) {
        columns.state = found.map { .known($0) } ?? .unknown
        guard let waiting = takeWaitingBind(of: columns) else { return }
        gate = .open
        match(waiting.admitted, found)
        // The message after this one may be here already.
        services.eventLoop.execute { [weak self] in
            self?.advance()
            self?.flushClient()
        }
    }

    /// The target did not act on a question about a statement.
    func undoDescription(of columns: StatementColumns) {
        guard case .asked = columns.state else { return }
        columns.state = .unknown
        guard let waiting = takeWaitingBind(of: columns) else { return }
        waitingBind = waiting
        askColumns(of: columns)
    }

    /// The Bind that waits for these columns, unless it was cancelled or skipped meanwhile.
    private func takeWaitingBind(of columns: StatementColumns) -> WaitingBind? {
        guard let waiting = waitingBind, waiting.admitted.statement.columns === columns else { return nil }
        waitingBind = nil
        guard case .resolving(let pending) = gate, pending.number == waiting.admitted.command.number else { return nil }
        return waiting
    }

    private func match(_ admitted: AdmittedBind, _ columns: [ResultColumn]?) {
        let number = admitted.command.number
        guard let columns else {
            return refuse(
                number, Refusals.unavailable("the target's catalogue could not be read"), extended: true)
        }
        let dropped = admitted.mask.markingDropped(columns).droppedPlaces
        if admitted.statement.columns.isDescribed,
            dropped != admitted.statement.mask.markingDropped(columns).droppedPlaces
        {
            return refuse(number, Refusals.otherColumns(), extended: true)
        }
        let formats = admitted.bind.resultFormats
        guard formats.count > 1, !dropped.isEmpty, formats.count != columns.count else {
            return send(admitted, as: admitted.frame.bytes)
        }
        guard formats.count == columns.count - dropped.count else {
            return refuse(
                number, Refusals.otherFormats(formats.count, columns: columns.count - dropped.count), extended: true)
        }
        var rest = formats[...]
        let mapped = columns.indices.map { dropped.contains($0) ? 0 : rest.removeFirst() }
        send(admitted, as: admitted.bind.bytes(resultFormats: mapped))
    }
}

extension StatementColumns {
    static let contradiction = "its columns are not those that its statement was described with: prepare it anew"
}

extension PortalColumns {
    /// - Parameter plan: nil: what it drops stays as it is, since the client may have been told.
    func take(_ found: [ResultColumn]?, droppedBy plan: MaskPlan?) {
        if let plan {
            columns = found.map(plan.markingDropped)
            return
        }
        let dropped = columns?.droppedPlaces ?? []
        guard var found else {
            // Rows without what is dropped cannot be made.
            if dropped.isEmpty { columns = nil }
            return
        }
        for place in dropped where found.indices.contains(place) { found[place].dropped = true }
        columns = found
    }
}
