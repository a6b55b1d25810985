import Contract

/// Puts the records of one session together into one entry for each command, in the order in which they ended.
public struct CommandLog: Sendable {
    /// What one command was, and what came of it.
    public struct Entry: Sendable, Equatable {
        /// From 1 within the session.
        public var number: UInt64
        /// When it was received, Unix time, microseconds.
        public var received: UInt64
        /// When it ended; nil when that is not recorded.
        public var ended: UInt64?
        /// As received; bytes that are no UTF-8 as replacement characters.
        public var text: String
        /// The protocol's message: "Query".
        public var message: String
        public var verdict = Verdict.unspecified
        public var rule = ""
        public var reason = ""
        /// Requests for approval, and who decided.
        public var holds: [String] = []
        public var reviews: [Review] = []
        /// "done", "failed", "refused"; empty when it did not end.
        public var status = ""
        public var tag = ""
        public var sqlState = ""
        public var error = ""
        public var rows: UInt64 = 0
        public var bytes: UInt64 = 0
        public var masked: [EntityCount] = []
        /// How much of it is recorded, and the rule that says so when that is not everything.
        public var recording = RecordingLevel.full
        public var recordingRule = ""
        /// Bytes that are not recorded beyond a budget: replies, and what was copied in.
        public var omitted: [Omission] = []
    }

    public private(set) var started = SessionStarted()
    private var open: [UInt64: Entry] = [:]

    public init() {}

    /// The command of this number, as far as it is recorded; nil when it ended or was never seen.
    public func entry(_ number: UInt64) -> Entry? { open[number] }

    /// Takes a command whose end is not waited for.
    public mutating func giveUp(_ number: UInt64) -> Entry? { open.removeValue(forKey: number) }

    /// Adds a record; the entry that it completes.
    public mutating func add(_ record: Record) -> Entry? {
        switch record.event {
        case .sessionStarted(let event): started = event
        case .command(let event):
            open[event.command] = Entry(event, record.timeUs, after: open[event.command])
        case .decision(let event): open[event.command]?.decided(event)
        case .hold(let event): open[event.command]?.held(event)
        case .result(let event):
            guard var entry = open.removeValue(forKey: event.command) else { return nil }
            entry.end(event, record.timeUs)
            return entry
        case .output, .sessionEnded, .notice, .stageEvent, .sessionResumed, nil: break
        }
        return nil
    }

    /// Commands whose end is not recorded, in order.
    public mutating func unfinished() -> [Entry] {
        defer { open = [:] }
        return open.values.sorted { $0.number < $1.number }
    }
}

extension CommandLog.Entry {
    /// - Parameter former: of an earlier record of the same command, which came with that.
    init(_ event: CommandReceived, _ time: UInt64, after former: Self?) {
        number = event.command
        received = former?.received ?? time
        text = event.raw.isEmpty ? event.text : String(decoding: event.raw, as: UTF8.self)
        message = event.message
        recording = event.undecided ? .metadata : event.recording.meaning
        recordingRule = event.recordingRule
        if let former {
            (verdict, rule, reason) = (former.verdict, former.rule, former.reason)
            (holds, reviews) = (former.holds, former.reviews)
        }
        if event.hasMemoised { decided(event.memoised) }
    }

    /// A command of which nothing but its end is known.
    public init(onlyEnd event: CommandResult, _ time: UInt64) {
        number = event.command
        received = time
        text = ""
        message = ""
        end(event, time)
    }

    fileprivate mutating func decided(_ event: DecisionMade) {
        verdict = event.verdict
        rule = event.rule
        reason = event.reason
    }

    fileprivate mutating func held(_ event: HoldEvent) {
        if !holds.contains(event.id) { holds.append(event.id) }
        if !event.reviews.isEmpty { reviews = event.reviews }
    }

    fileprivate mutating func end(_ event: CommandResult, _ time: UInt64) {
        ended = time
        status = event.status
        tag = event.tag
        sqlState = event.sqlstate
        error = event.error
        rows = event.rows
        bytes = event.bytes
        masked = event.masked
        omitted = (event.hasOmitted ? [event.omitted] : []) + (event.input.hasOmitted ? [event.input.omitted] : [])
        if event.recording.isLess(than: recording) { recording = event.recording.meaning }
        if recordingRule.isEmpty { recordingRule = event.recordingRule }
    }
}
