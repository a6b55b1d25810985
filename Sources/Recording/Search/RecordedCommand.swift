import Contract
import Foundation

/// One command as the recordings have it, with what was decided about it.
public struct RecordedCommand: Sendable, Equatable {
    public internal(set) var session: String
    /// From 1 within the session.
    public internal(set) var number: UInt64
    /// When it was received, Unix time, microseconds.
    public internal(set) var time: UInt64
    /// As received.
    public internal(set) var text: [UInt8] = []
    /// Values that are text.
    public internal(set) var parameters: [[UInt8]] = []
    /// Of its replies, as the client saw them: only where these are searched.
    public internal(set) var output: [UInt8] = []
    public internal(set) var rule = ""
    public internal(set) var tables: [String] = []
    public internal(set) var decision: RecordingIndex.Filter.Decision?
    /// A reviewer was asked.
    public internal(set) var wasHeld = false
    /// Where its record is.
    var place: RecordingPlace

    /// What is searched.
    var parts: [[UInt8]] { [text] + parameters + (output.isEmpty ? [] : [output]) }

    /// False also for what may not be recorded, or not yet.
    var hasText: Bool { !text.isEmpty || !parameters.isEmpty }

    func wasDecided(_ wanted: RecordingIndex.Filter.Decision) -> Bool {
        decision == wanted || wanted == .hold && wasHeld
    }
}

/// A command as an index keeps it that is not complete.
struct StoredCommand: Codable {
    private var session: String
    private var number: UInt64
    private var time: UInt64
    private var text: Data
    private var parameters: [Data]
    private var output: Data
    private var rule: String
    private var tables: [String]
    private var decision: String?
    private var wasHeld: Bool
    private var place: RecordingPlace

    init(_ command: RecordedCommand) {
        session = command.session
        number = command.number
        time = command.time
        text = Data(command.text)
        parameters = command.parameters.map { Data($0) }
        output = Data(command.output)
        rule = command.rule
        tables = command.tables
        decision = command.decision?.rawValue
        wasHeld = command.wasHeld
        place = command.place
    }

    var command: RecordedCommand {
        RecordedCommand(
            session: session, number: number, time: time, text: Array(text), parameters: parameters.map { Array($0) },
            output: Array(output), rule: rule, tables: tables,
            decision: decision.flatMap { RecordingIndex.Filter.Decision(rawValue: $0) }, wasHeld: wasHeld, place: place)
    }
}

/// A place between two blocks, from which a segment can be read on.
struct RecordingPlace: Sendable, Codable, Hashable {
    var replica: String
    var segment: UInt64
    /// Bytes from the file's start.
    var offset: Int64
    /// The number of the block that begins here.
    var block: UInt64
    /// Chain value before it.
    var chain: [UInt8]
}
