import Contract
import Foundation
import SwiftProtobuf

/// Puts a recording's records together to commands with who asked, in the order in which they come.
public struct RecordedCommands {
    /// One judged command.
    public struct Command {
        public var text: String
        public var principal: Principal
        public var resource: String
        public var protocolName: String
        public var session: String
        /// Unix time, seconds.
        public var time: Int64
        public var facts: Facts

        public init(
            text: String, principal: Principal, resource: String, protocolName: String, session: String, time: Int64,
            facts: Facts
        ) {
            self.text = text
            self.principal = principal
            self.resource = resource
            self.protocolName = protocolName
            self.session = session
            self.time = time
            self.facts = facts
        }
    }

    private var sessions: [String: SessionStarted] = [:]
    private var texts: [String: [UInt64: CommandReceived]] = [:]
    /// A decision that was remembered is recorded without its facts: they are those of the text's last full one.
    private var judged: [Text: Facts] = [:]

    private struct Text: Hashable {
        var resource: String
        var bytes: [UInt8]
    }

    /// Most texts whose facts are kept, and the longest of them in bytes.
    private static let maximumTexts = 4096
    private static let longestText = 16 << 10

    public init() {}

    /// The command that a record completes: with its decision, its facts are known as they were judged.
    public mutating func add(_ record: Record) -> Command? {
        switch record.event {
        case .sessionStarted(let started):
            sessions[record.session] = started
            return nil
        case .command(let command):
            // Its text, if it may be recorded, comes in a second record.
            guard !command.undecided else { return nil }
            guard command.hasMemoised else {
                texts[record.session, default: [:]][command.command] = command
                return nil
            }
            return complete(record, command, decided: command.memoised)
        case .decision(let decision):
            guard let command = texts[record.session]?.removeValue(forKey: decision.command) else { return nil }
            return complete(record, command, decided: decision)
        case .sessionEnded:
            sessions[record.session] = nil
            texts[record.session] = nil
            return nil
        case .hold, .result, .output, .notice, .stageEvent, .sessionResumed, nil:
            return nil
        }
    }

    private mutating func complete(_ record: Record, _ command: CommandReceived, decided: DecisionMade) -> Command? {
        guard let session = sessions[record.session] else { return nil }
        let bytes = command.raw.isEmpty ? Array(command.text.utf8) : [UInt8](command.raw)
        let isText = decided.recording.keepsTexts || !bytes.isEmpty
        guard !bytes.isEmpty || !isText else { return nil }
        guard let facts = isText ? facts(of: bytes, session, decided) : Self.recorded(decided) else { return nil }
        return Command(
            text: isText ? String(decoding: bytes, as: UTF8.self) : Self.unrecordedText, principal: session.principal,
            resource: session.resource,
            protocolName: session.protocol, session: record.session, time: Int64(record.timeUs / 1_000_000),
            facts: facts)
    }

    /// In place of a text that is not recorded.
    static let unrecordedText = "(text not recorded)"

    private static func recorded(_ decided: DecisionMade) -> Facts? {
        facts(in: decided).first
    }

    /// What decisions say of a command. One that cannot be read says nothing, and the text is looked into again.
    private static func facts(in decided: DecisionMade) -> [Facts] {
        decided.decisions.compactMap { signed in
            do {
                let decision = try Decision(serializedBytes: signed.decision)
                return decision.hasFacts ? decision.facts : nil
            } catch {
                return nil
            }
        }
    }

    private mutating func facts(of bytes: [UInt8], _ session: SessionStarted, _ decided: DecisionMade) -> Facts? {
        let text = Text(resource: session.resource, bytes: bytes)
        let recorded = Self.facts(in: decided).first { $0.resolved }
        if recorded == nil, let known = judged[text] { return known }
        guard let facts = recorded ?? CommandClassifier.facts(of: bytes, protocol: session.protocol, catalog: nil)
        else { return nil }
        if bytes.count <= Self.longestText {
            if judged.count >= Self.maximumTexts { judged.removeAll() }
            judged[text] = facts
        }
        return facts
    }
}
