import Configuration
import Contract
import OCSF
import Recording

/// One thing that happened, for a sink.
public struct ForwardedEvent: Sendable, Equatable {
    /// What it is about.
    public enum Subject: Sendable, Equatable {
        case started(SessionStarted)
        case ended(SessionEnded, isKilled: Bool)
        case command(CommandLog.Entry)
        /// A request for approval, with the command as it was then.
        case hold(HoldEvent, CommandLog.Entry)
    }

    /// The same whenever the event is made again.
    public let id: String
    public let name: ForwardedEventName
    /// Unix time, microseconds.
    public let time: UInt64
    public let session: RecordedSession
    public private(set) var subject: Subject

    init(id: String, _ name: ForwardedEventName, time: UInt64, _ session: RecordedSession, _ subject: Subject) {
        self.id = id
        self.name = name
        self.time = time
        self.session = session
        self.subject = subject
    }

    public var entry: CommandLog.Entry? {
        switch subject {
        case .started, .ended: nil
        case .command(let entry), .hold(_, let entry): entry
        }
    }

    /// The same with a changed command.
    func changing(_ change: (inout CommandLog.Entry) -> Void) -> ForwardedEvent {
        var event = self
        switch subject {
        case .started, .ended: break
        case .command(var entry):
            change(&entry)
            event.subject = .command(entry)
        case .hold(let hold, var entry):
            change(&entry)
            event.subject = .hold(hold, entry)
        }
        return event
    }

    /// As `level` has it.
    func at(_ level: ForwardLevel) -> ForwardedEvent {
        switch level {
        case .commands: self
        case .metadata:
            changing { entry in
                entry.text = ""
                entry.error = ""
                // A reviewer's own words, or names from the command.
                entry.reason = ""
            }
        }
    }

    /// As an OCSF event, without a newline.
    public var json: [UInt8] {
        switch subject {
        case .started(let event): OCSF.json(Authentication(session).started(event, uid: id, time: time))
        case .ended(let event, let isKilled):
            OCSF.json(Authentication(session).ended(event, isKilled: isKilled, uid: id, time: time))
        case .command(let entry): OCSF.json(DatastoreActivity(session).event(entry, uid: id))
        case .hold(let hold, let entry):
            OCSF.json(DatastoreActivity(session).event(entry, hold: hold, uid: id, time: time))
        }
    }
}
