import Foundation

/// One command as the recordings have it, from `sluice sessions export`.
public struct RecordedCommand: Sendable {
    public let session: String
    public let number: UInt64
    /// The protocol's message: Query, Parse, Bind, Execute.
    public let message: String
    public let text: String
    /// It was not known yet how much of it may be recorded.
    public let isUndecided: Bool
    /// A decision on it is recorded.
    public fileprivate(set) var isDecided = false
    /// The last one was to allow it.
    public fileprivate(set) var isAllowed = false
    /// It waited for reviewers.
    public fileprivate(set) var isHeld = false
    /// How it ended, empty when nothing of that was recorded: done, failed, refused, skipped, suspended, lost.
    public fileprivate(set) var status = ""
    public fileprivate(set) var sqlState = ""

    /// Whether the target may have seen it run: a Parse runs nothing.
    public var mayHaveRun: Bool {
        isAllowed && message != "Parse" && !["refused", "skipped"].contains(status)
    }
}

/// Everything that one installation recorded, put together again and checked for gaps.
public struct RecordedSessions: Sendable {
    public private(set) var commands: [RecordedCommand] = []
    /// Sessions whose end is not recorded: they are alive, or Ingress was killed under them.
    public private(set) var open: Set<String> = []
    /// Reply data as the clients got them, command texts and everything else that was recorded.
    public private(set) var data: [Data] = []
    /// Gaps and contradictions; none in a good recording.
    public private(set) var problems: [String] = []

    private typealias Object = [String: Any]

    public init(export: Data) throws {
        var sessions: [String: [UInt64: Object]] = [:]
        for line in export.split(separator: 0x0A) {
            guard let record = try JSONSerialization.jsonObject(with: line) as? Object else {
                throw TestKitError("no record: \(String(decoding: line.prefix(200), as: UTF8.self))")
            }
            // A recorder's own remarks belong to no session, and where a session moved on is no event of its own.
            guard let session = record["session"] as? String, record["sessionResumed"] == nil else { continue }
            let sequence = Self.number(record["sequence"])
            if let known = sessions[session]?[sequence], !NSDictionary(dictionary: known).isEqual(to: record) {
                problems.append("\(session): two different records \(sequence)")
            }
            sessions[session, default: [:]][sequence] = record
        }
        for (session, records) in sessions { add(session, records) }
    }

    private mutating func add(_ session: String, _ records: [UInt64: Object]) {
        let sequences = records.keys.sorted()
        if sequences != Array(1...UInt64(max(1, sequences.count))) {
            problems.append("\(session): \(sequences.count) records, up to \(sequences.last ?? 0)")
        }
        var found: [UInt64: RecordedCommand] = [:]
        var hasEnded = false
        for sequence in sequences {
            guard let record = records[sequence] else { continue }
            if hasEnded { problems.append("\(session): record \(sequence) is behind the end") }
            if let event = record["command"] as? Object {
                var command = RecordedCommand(
                    session: session, number: Self.number(event["command"]), message: event["message"] as? String ?? "",
                    text: event["text"] as? String ?? "", isUndecided: event["undecided"] as? Bool ?? false)
                if let memoised = event["memoised"] as? Object {
                    command.isDecided = true
                    command.isAllowed = Self.isAllowed(memoised)
                }
                let former = found.updateValue(command, forKey: command.number)
                // One that was undecided has a second record, and may be held before that.
                if let former, former.isUndecided {
                    found[command.number]?.isHeld = former.isHeld
                } else if former != nil {
                    problems.append("\(session): command \(command.number) twice")
                }
            } else if let event = record["decision"] as? Object {
                found[Self.number(event["command"])]?.isDecided = true
                found[Self.number(event["command"])]?.isAllowed = Self.isAllowed(event)
            } else if let event = record["hold"] as? Object {
                found[Self.number(event["command"])]?.isHeld = true
            } else if let event = record["result"] as? Object {
                let number = Self.number(event["command"])
                if found[number]?.status.isEmpty == false {
                    problems.append("\(session): command \(number) ends twice")
                }
                found[number]?.status = event["status"] as? String ?? ""
                found[number]?.sqlState = event["sqlstate"] as? String ?? ""
                data.append(Self.bytes(event["output"]))
            } else if let event = record["output"] as? Object {
                data.append(Self.bytes(event["data"]))
            } else if record["sessionEnded"] != nil {
                hasEnded = true
            }
        }
        if !hasEnded { open.insert(session) }
        commands += found.values
    }

    private static func isAllowed(_ decision: Object) -> Bool { decision["verdict"] as? String == "VERDICT_ALLOW" }

    /// A 64-bit number is a string in protobuf's JSON; a missing one is 0.
    private static func number(_ value: Any?) -> UInt64 { (value as? String).flatMap { UInt64($0) } ?? 0 }

    private static func bytes(_ value: Any?) -> Data {
        (value as? String).flatMap { Data(base64Encoded: $0) } ?? Data()
    }
}

extension Gateway {
    /// Everything recorded, as `sluice sessions export` writes it.
    public func recorded() async throws -> RecordedSessions {
        let exported = try await sluice(["sessions", "export"], deadline: .seconds(180))
        guard exported.status == 0 else { throw TestKitError(exported.errors) }
        return try RecordedSessions(export: Data(exported.output.utf8))
    }
}
