/// Processes that no message visits: they work on what others wrote. They start before the stages and end after them.
public enum AuxiliaryProcess: String, Sendable, CaseIterable {
    case archiver, forwarder, expirer

    /// Why there is only one.
    public var soleReason: String {
        switch self {
        case .archiver: "it alone removes what it has uploaded"
        case .forwarder: "it alone owns the places up to which events were sent"
        case .expirer: "one look at what is past its time is enough"
        }
    }

    /// The key of `recording:` that has it run.
    public var setting: String {
        switch self {
        case .archiver: "archive"
        case .forwarder: "forward"
        case .expirer: "retention"
        }
    }
}

extension Configuration {
    /// Whether `process` runs here.
    public func runs(_ process: AuxiliaryProcess) -> Bool {
        switch process {
        case .archiver: recording.archive != nil
        case .forwarder: recording.forward != nil
        case .expirer: recording.retention != nil
        }
    }

    /// Everything that runs here, in the order in which it starts.
    public var startOrder: [StageTable.Entry] {
        AuxiliaryProcess.allCases.filter(runs).map { StageTable.Entry($0) } + stages.startOrder
    }
}
