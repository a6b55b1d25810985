import Contract
import SwiftProtobuf

/// Puts together what records say of each command, of all sessions at once and in the order in which replicas are read.
struct CommandCollector {
    /// What is searched of commands.
    enum Scope {
        /// Text, parameters and the decision: a command is complete once it is decided.
        case commands
        /// What the client saw too: complete once it has ended. The value makes text of the replies.
        case output(any ReplyTextReader)
    }

    struct Session: Equatable {
        var name: String
        var identity: String
        var resource: String
    }

    /// Bytes of text and parameters, and of replies, of one command.
    static let maxTextBytes = 64 << 10
    static let maxOutputBytes = 16 << 10
    /// Commands that are not complete. Beyond it they are taken as they are.
    static let maxOpen = 16_384

    private let scope: Scope
    /// Which records of commands are taken; nil: all.
    private let wants: ((SearchedEvent.Command, UnsafeRawBufferPointer) -> Bool)?
    private let textBytes: Int
    /// False: what is open is completed, and nothing else taken.
    var takesCommands = true
    private(set) var open: [String: [UInt64: RecordedCommand]] = [:]
    private var replies: [String: any ReplyTextReader] = [:]
    private var openCount = 0
    /// Sessions that began since they were last taken.
    private(set) var started: [Session] = []
    private(set) var complete: [RecordedCommand] = []
    private(set) var completeBytes = 0

    init(
        _ scope: Scope, open: [RecordedCommand] = [], textBytes: Int = maxTextBytes,
        wants: ((SearchedEvent.Command, UnsafeRawBufferPointer) -> Bool)? = nil
    ) {
        self.scope = scope
        self.wants = wants
        self.textBytes = textBytes
        for command in open { keep(command) }
    }

    mutating func take() -> (started: [Session], complete: [RecordedCommand]) {
        defer {
            started = []
            complete = []
            completeBytes = 0
        }
        return (started, complete)
    }

    /// - Parameter place: in or before the record's block.
    mutating func add(
        _ head: RecordHead, _ raw: UnsafeRawBufferPointer, session: String, place: RecordingPlace
    ) {
        switch SearchedEvent(head, raw) {
        case .started(let identity, let resource):
            started.append(Session(name: session, identity: identity, resource: resource))
        case .command(let event):
            guard takesCommands, wants?(event, raw) ?? true else { return }
            keep(command(event, raw, session: session, time: head.time, place: place))
            finishIfDecided(session, event.number)
        case .decision(let number, let decided):
            change(session, number) { $0.decide(decided, raw) }
            finishIfDecided(session, number)
        case .held(let number):
            change(session, number) { $0.wasHeld = true }
        case .output(let number):
            addReply(session, number, raw)
        case .result(let number):
            addReply(session, number, raw)
            finish(session, number)
        case .ended:
            for number in (open[session] ?? [:]).keys.sorted() { finish(session, number) }
            replies[session] = nil
        case .other: break
        }
    }

    var hasOpen: Bool { openCount > 0 }

    private var waitsForResult: Bool {
        switch scope {
        case .commands: false
        case .output: true
        }
    }

    private func command(
        _ event: SearchedEvent.Command, _ raw: UnsafeRawBufferPointer, session: String, time: UInt64,
        place: RecordingPlace
    ) -> RecordedCommand {
        var command = RecordedCommand(session: session, number: event.number, time: time, place: place)
        command.text = Array(raw[event.text].prefix(textBytes))
        var room = textBytes - command.text.count
        for value in event.parameters where room > 0 {
            let bytes = Array(raw[value].prefix(room))
            guard Self.isText(bytes) else { continue }
            command.parameters.append(bytes)
            room -= bytes.count
        }
        if let memoised = event.memoised { command.decide(memoised, raw) }
        return command
    }

    /// Values come in text or binary form, and most types' binary form has control characters.
    private static func isText(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }

    /// A command may be recorded several times: undecided, as the policy has it, and in full when it is refused all the same.
    private mutating func keep(_ command: RecordedCommand) {
        if let place = open.index(forKey: command.session), open.values[place][command.number] != nil {
            open.values[place][command.number]!.add(command)
            return
        }
        if openCount >= Self.maxOpen, let session = open.keys.first, let number = open[session]?.keys.min() {
            finish(session, number)
        }
        open[command.session, default: [:]][command.number] = command
        openCount += 1
    }

    private mutating func change(_ session: String, _ number: UInt64, _ body: (inout RecordedCommand) -> Void) {
        guard let place = open.index(forKey: session), open.values[place][number] != nil else { return }
        body(&open.values[place][number]!)
    }

    /// What has no text so far may get it as long as the command has not ended.
    private mutating func finishIfDecided(_ session: String, _ number: UInt64) {
        guard !waitsForResult, let command = open[session]?[number], command.decision != nil, command.hasText else {
            return
        }
        finish(session, number)
    }

    private mutating func finish(_ session: String, _ number: UInt64) {
        guard let place = open.index(forKey: session),
            let command = open.values[place].removeValue(forKey: number)
        else { return }
        openCount -= 1
        if open.values[place].isEmpty { open.remove(at: place) }
        complete.append(command)
        completeBytes += command.text.count + command.output.count
    }

    private mutating func addReply(_ session: String, _ number: UInt64, _ raw: UnsafeRawBufferPointer) {
        guard case .output(let reader) = scope, let command = open[session]?[number],
            command.output.count < Self.maxOutputBytes, let record = try? Record(serializedBytes: Array(raw))
        else { return }
        var replies = replies[session] ?? reader
        let text = replies.add(record)
        self.replies[session] = replies
        change(session, number) { command in
            command.output += text.utf8.prefix(Self.maxOutputBytes - command.output.count)
        }
    }
}

extension RecordedCommand {
    /// Adds a later record of the same command. It is found where its text is, and was received when the first one came.
    fileprivate mutating func add(_ later: RecordedCommand) {
        if later.hasText || !hasText {
            text = later.text
            parameters = later.parameters
            place = later.place
        }
        guard let decision = later.decision else { return }
        self.decision = decision
        rule = later.rule
        tables = later.tables
    }

    fileprivate mutating func decide(_ decided: SearchedEvent.Decided, _ raw: UnsafeRawBufferPointer) {
        switch decided.verdict {
        case .allow: decision = .allow
        case .hold: decision = .hold
        case .refuse: decision = .refuse
        case .unspecified, .UNRECOGNIZED: decision = nil
        }
        rule = String(decoding: raw[decided.rule], as: UTF8.self)
        tables = decided.tables.map { String(decoding: raw[$0], as: UTF8.self) }
    }
}

/// Makes text of recorded replies, which are in their protocol's form.
public protocol ReplyTextReader: Sendable {
    /// What a record of a reply adds, as the client saw it: the masked text.
    mutating func add(_ record: Record) -> String
}
