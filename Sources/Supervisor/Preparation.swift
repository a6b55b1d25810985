import Configuration

/// Makes what an installation needs before any of its processes runs, for supervisors other than `sluice up`.
public enum Preparation {
    /// Directories, decision keys, the recording and the masking key; what is there is checked and kept.
    /// - Parameter state: where, for keys that are made on another machine than the one that `configuration` is for.
    public static func prepare(_ configuration: Configuration, in state: StateDirectory) throws(SupervisorError) {
        try Directories.prepare(state, stages: configuration.stages.startOrder.map(\.name))
    }
}
