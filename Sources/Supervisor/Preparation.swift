import Configuration

/// Makes what an installation needs before any of its processes runs, for supervisors other than `sluice up`.
public enum Preparation {
    /// Directories, decision keys, the recording and the masking key; what is there is checked and kept.
    public static func prepare(_ configuration: Configuration) throws(SupervisorError) {
        try Directories.prepare(configuration.state, stages: configuration.stages.startOrder.map(\.name))
    }
}
