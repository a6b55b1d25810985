import Contract

/// Makes text of one session's recorded replies, in their order: names and values of rows, errors and notices, as the client
/// saw them.
public struct RecordedReplies: Sendable {
    private var replies = ReplyText(PostgresTimeline.Options())

    public init() {}

    /// What a record adds; empty for one that is of no reply. Rows come with the record that ends their table.
    public mutating func add(_ record: Record) -> String {
        let lines: [String]
        switch record.event {
        case .output(let event): lines = replies.add([UInt8](event.data), columns: event.columns)
        case .result(let event):
            lines =
                replies.add([UInt8](event.output), columns: event.columns) + replies.begin()
                + (event.error.isEmpty ? [] : [TerminalText.escape(event.error)])
        case .sessionStarted, .command, .decision, .hold, .sessionEnded, .notice, .stageEvent, .sessionResumed, nil:
            return ""
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
