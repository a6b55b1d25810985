import Contract

/// What a search needs of a record, read from its serialised form; everything else is passed over.
enum SearchedEvent {
    case started(identity: String, resource: String)
    case command(Command)
    case decision(UInt64, Decided)
    case held(UInt64)
    /// With the last of the reply data.
    case output(UInt64)
    case result(UInt64)
    case ended
    /// Nothing of a command, or bytes that are no such record.
    case other

    struct Command {
        var number: UInt64 = 0
        var text = 0..<0
        var parameters: [Range<Int>] = []
        var memoised: Decided?
    }

    struct Decided {
        var verdict = Verdict.unspecified
        var rule = 0..<0
        var tables: [Range<Int>] = []
    }

    private typealias Field = EventField

    init(_ head: RecordHead, _ raw: UnsafeRawBufferPointer) {
        do throws(RecordingError) {
            self = try Self.read(head, raw)
        } catch {
            self = .other
        }
    }

    private static func read(_ head: RecordHead, _ raw: UnsafeRawBufferPointer) throws(RecordingError) -> SearchedEvent
    {
        switch head.event {
        case RecordHead.Field.sessionStarted: return try started(raw, head.body)
        case RecordHead.Field.command: return .command(try command(raw, head.body))
        case RecordHead.Field.decision:
            let (number, decided) = try decided(raw, head.body)
            return .decision(number, decided)
        case RecordHead.Field.hold: return .held(try number(raw, head.body))
        case RecordHead.Field.output: return .output(try number(raw, head.body))
        case RecordHead.Field.result: return .result(try number(raw, head.body))
        case RecordHead.Field.sessionEnded: return .ended
        default: return .other
        }
    }

    private static func started(
        _ raw: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(RecordingError) -> SearchedEvent {
        var identity = ""
        var resource = ""
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            guard let bytes = field.bytes else { continue }
            if field.number == Field.startedResource { resource = String(decoding: raw[bytes], as: UTF8.self) }
            guard field.number == Field.startedPrincipal else { continue }
            var principal = WireFields(raw, in: bytes)
            while let field = try principal.next() {
                guard field.number == Field.principalName, let name = field.bytes else { continue }
                identity = String(decoding: raw[name], as: UTF8.self)
            }
        }
        return .started(identity: identity, resource: resource)
    }

    private static func command(
        _ raw: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(RecordingError) -> Command {
        var command = Command()
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            switch (field.number, field.bytes) {
            case (Field.command, nil): command.number = field.value
            case (Field.commandText, let bytes?), (Field.commandRaw, let bytes?): command.text = bytes
            case (Field.commandMemoised, let bytes?): command.memoised = try decided(raw, bytes).1
            case (Field.commandParameter, let bytes?):
                var parameter = WireFields(raw, in: bytes)
                while let field = try parameter.next() {
                    if field.number == Field.parameterValue, let value = field.bytes {
                        command.parameters.append(value)
                    }
                }
            default: break
            }
        }
        return command
    }

    private static func decided(
        _ raw: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(RecordingError) -> (UInt64, Decided) {
        var number: UInt64 = 0
        var decided = Decided()
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            switch (field.number, field.bytes) {
            case (Field.command, nil): number = field.value
            case (Field.decisionVerdict, nil):
                decided.verdict = Verdict(rawValue: Int(truncatingIfNeeded: field.value)) ?? .unspecified
            case (Field.decisionRule, let bytes?): decided.rule = bytes
            case (Field.decisionTable, let bytes?): decided.tables.append(bytes)
            default: break
            }
        }
        return (number, decided)
    }

    private static func number(_ raw: UnsafeRawBufferPointer, _ range: Range<Int>) throws(RecordingError) -> UInt64 {
        var number: UInt64 = 0
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            if field.number == Field.command { number = field.value }
        }
        return number
    }
}
