import Contract
import Recording

/// Who acts in a session, and on what, as events say it.
public struct RecordedSession: Sendable, Equatable {
    public var id: String
    public var identity = ""
    public var groups: [String] = []
    public var resource = ""
    /// The client's address and port.
    public var source = ""

    public init(id: String) { self.id = id }

    public init(id: String, _ started: SessionStarted) {
        self.id = id
        identity = started.principal.name
        groups = started.principal.groups
        resource = started.resource
        source = started.principal.sourceAddress
    }

    public init(_ session: RecordingIndex.Session) {
        id = session.id
        identity = session.identity
        groups = session.groups
        resource = session.resource
        source = session.source
    }
}
