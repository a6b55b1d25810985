import Contract

/// Bounds of what a stage may note beside its verdict. A decision or reply beyond them counts as malformed.
public enum RemarkBounds {
    /// UTF-8 bytes of the name of an annotation, an event or an event's field (bus.proto, Annotation and AuditEvent).
    public static let nameBytes = 64
    /// UTF-8 bytes of the value of an annotation or of an event's field.
    public static let valueBytes = 1024
    /// Fields of one event.
    public static let fields = 16
    /// Annotations of one decision.
    public static let annotations = 16
    /// Events of one decision or reply.
    public static let events = 16
    /// UTF-8 bytes of a decision's rule, reason or hint.
    public static let textBytes = 8 << 10
    /// Entities that one reply counts.
    public static let entities = 256

    static func isName(_ text: String) -> Bool { (1...nameBytes).contains(text.utf8.count) }
    static func isValue(_ text: String) -> Bool { text.utf8.count <= valueBytes }
    static func isText(_ text: String) -> Bool { text.utf8.count <= textBytes }
}

extension Annotation {
    /// A short remark about a command, recorded with the decision and told to the stages behind. Never data or secrets.
    public init(_ name: String, _ value: String) {
        self.init()
        self.name = name
        self.value = value
    }

    var isWithinBounds: Bool { RemarkBounds.isName(name) && RemarkBounds.isValue(value) }
}

extension AuditEvent {
    /// Something to be recorded in the session. Never data or secrets.
    public init(_ name: String, _ fields: [String: String] = [:]) {
        self.init()
        self.name = name
        self.fields = fields
    }

    var isWithinBounds: Bool {
        RemarkBounds.isName(name) && fields.count <= RemarkBounds.fields
            && fields.allSatisfy { RemarkBounds.isName($0.key) && RemarkBounds.isValue($0.value) }
    }
}

extension Refusal {
    /// Why a reply is withheld. `reason` and `hint` are shown to the client.
    public init(rule: String, reason: String, hint: String) {
        self.init()
        self.rule = rule
        self.reason = reason
        self.hint = hint
    }

    var isWithinBounds: Bool {
        RemarkBounds.isName(rule) && RemarkBounds.isValue(reason) && RemarkBounds.isValue(hint)
    }
}

extension Decision {
    /// Adds a remark that is recorded with the decision and told to the stages behind.
    public mutating func annotate(_ name: String, _ value: String) { annotations.append(Annotation(name, value)) }

    /// Adds an event to the session's recording. A decision with events is asked for each time.
    public mutating func emit(_ name: String, _ fields: [String: String] = [:]) {
        events.append(AuditEvent(name, fields))
    }

    /// Throws ``BusError`` when texts, annotations or events exceed ``RemarkBounds``, or an annotation names another stage.
    public func checkRemarks() throws(BusError) {
        guard annotations.count <= RemarkBounds.annotations, annotations.allSatisfy(\.isWithinBounds) else {
            throw BusError(.malformed, "annotations of stage \(stage) exceed their bounds")
        }
        guard annotations.allSatisfy({ $0.stage == stage }) else {
            throw BusError(.malformed, "stage \(stage) annotates in another stage's name")
        }
        guard events.count <= RemarkBounds.events, events.allSatisfy(\.isWithinBounds) else {
            throw BusError(.malformed, "events of stage \(stage) exceed their bounds")
        }
        guard [rule, reason, hint].allSatisfy(RemarkBounds.isText) else {
            throw BusError(.malformed, "rule, reason or hint of stage \(stage) exceeds its bound")
        }
    }
}

extension MaskReply {
    /// Adds an event to the session's recording.
    public mutating func emit(_ name: String, _ fields: [String: String] = [:]) {
        events.append(AuditEvent(name, fields))
    }

    /// Withholds the reply: the client gets an error in its place, and hears that the command itself ran.
    public mutating func refuse(rule: String, reason: String, hint: String) {
        refusal = Refusal(rule: rule, reason: reason, hint: hint)
    }

    /// Throws ``BusError`` when events, counts or the refusal exceed ``RemarkBounds``.
    public func checkRemarks() throws(BusError) {
        guard events.count <= RemarkBounds.events, events.allSatisfy(\.isWithinBounds) else {
            throw BusError(.malformed, "the reply's events exceed their bounds")
        }
        guard !hasRefusal || refusal.isWithinBounds else {
            throw BusError(.malformed, "the reply's refusal exceeds its bounds")
        }
        guard counts.count <= RemarkBounds.entities, counts.allSatisfy({ RemarkBounds.isName($0.entity) }) else {
            throw BusError(.malformed, "the reply's counts exceed their bounds")
        }
    }
}
