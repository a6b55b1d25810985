/// Numbers of the fields of records' events, as far as they are read without building the messages: Sources/Contract/bus.proto.
enum EventField {
    static let startedPrincipal = 1
    static let startedResource = 2
    static let principalName = 1
    /// Of every event that is about a command: the command's number.
    static let command = 1
    static let commandText = 2
    static let commandRaw = 3
    static let commandParameter = 5
    static let commandMemoised = 7
    static let parameterValue = 3
    static let decisionVerdict = 2
    static let decisionRule = 4
    static let decisionTable = 10
    static let holdStatus = 3
    static let resultBytes = 6
    static let resultMasked = 7
    static let countEntity = 1
}
