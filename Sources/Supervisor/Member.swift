import Configuration

extension Fleet {
    /// One process of a stage, through all its restarts.
    struct Member: Sendable, Equatable {
        let id: Int
        let stage: String
        let replica: Int
        /// The folder of its program; nil: where the supervisor's own stands.
        var programs: String?
        var role = Role.serving
        var state = State.waiting
        var pid: Int32?
        /// After it died; replacements that somebody asked for are not counted.
        var restarts = 0
        var startFailures = 0
        var wasReady = false
        var backoff = Backoff()

        /// As in log lines: `classifier.0`.
        var label: String { "\(stage).\(replica)" }

        var stopPhase: StopPhase {
            if AuxiliaryProcess(rawValue: stage) != nil { return .auxiliary }
            return switch BuiltInStage(rawValue: stage) {
            case .ingress: .ingress
            case .recorder: .recorder
            case .approver, .classifier, .masker, nil: .stages
            }
        }

        /// Its process has ended to be replaced in its place: the new one has to prove itself.
        mutating func comeBack(with programs: String?) {
            role = .joining(former: .some(self.programs))
            self.programs = programs
            startFailures = 0
            backoff.reset()
        }
    }

    /// What a member's end means. ``Fleet`` alone changes it.
    enum Role: Sendable, Equatable {
        /// It is started again whenever it dies.
        case serving
        /// A command started it, and it has not proven itself: when it keeps failing it is taken back. `former`: the
        /// programs that stood in its place before; nil when it came in addition.
        case joining(former: String??)
        /// It was told to finish; its end is the member's.
        case leaving
        /// It was told to finish and will be started again with these programs.
        case replacing(programs: String?)

        var isJoining: Bool {
            switch self {
            case .joining: true
            case .serving, .leaving, .replacing: false
            }
        }

        /// Whether it counts as one of the stage's replicas.
        var isStaying: Bool {
            switch self {
            case .serving, .joining, .replacing: true
            case .leaving: false
            }
        }
    }

    enum State: Sendable, Equatable {
        case waiting
        case starting(deadline: UInt64)
        case ready(since: UInt64)
        case backingOff(until: UInt64)
        /// Told to finish while the others go on.
        case draining(deadline: UInt64)
        /// Told to finish with all.
        case stopping(deadline: UInt64)
        case stopped
    }

    enum StopPhase: Int, Sendable, Comparable, CaseIterable {
        case ingress, stages, recorder, auxiliary

        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

        /// How long its processes may take to finish, in milliseconds.
        func graceMilliseconds(hurried: Bool) -> UInt64 {
            switch self {
            case .ingress: hurried ? 0 : 30_000
            case .stages: hurried ? 1_000 : 10_000
            case .recorder: hurried ? 5_000 : 30_000
            case .auxiliary: hurried ? 5_000 : 30_000
            }
        }
    }

    /// How a process ended.
    enum Exit: Sendable, Equatable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .status(let status): "status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    /// How a process of a stage gives way to a new one.
    enum Replacement: Sendable, Equatable {
        /// The new one is ready before the old one drains: the stage has no state.
        case surge
        /// The old one ends before the new one starts, with the same number: it owns files.
        case inPlace
        /// The new one accepts before the old one stops to; that goes on with its connections.
        case handover

        init(of stage: String) {
            if AuxiliaryProcess(rawValue: stage) != nil {
                self = .inPlace
                return
            }
            switch BuiltInStage(rawValue: stage) {
            case .recorder, .approver: self = .inPlace
            case .ingress: self = .handover
            case .classifier, .masker, nil: self = .surge
            }
        }
    }
}
