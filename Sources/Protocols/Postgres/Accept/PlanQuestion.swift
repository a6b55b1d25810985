import Contract
import NIOCore
import PostgresWire

/// A command as the planner is asked about it: its exact text, and of an execution the types and values of its
/// parameters.
struct PlanQuestion {
    let text: [UInt8]
    /// Int16 count and the parameter type OIDs, as received in Parse.
    var types = ByteBuffer(bytes: [0, 0])
    var parameters: [(format: Int16, value: ByteBuffer?)] = []

    /// Whether the planner can be asked about a command with these facts: one statement that reads, writes or locks rows and
    /// does nothing else, so that planning it does nothing.
    static func fits(_ facts: Facts) -> Bool {
        facts.statements == 1 && !facts.opaque && facts.operations.contains(where: ["read", "write"].contains)
            && Set(facts.operations).isSubset(of: ["read", "write", "lock"])
    }

    /// Parse, Bind, Execute, Sync. Parse takes one statement: a text that holds more fails.
    var messages: ByteBuffer {
        var bytes = FrontendEncoder.parse(text: Array("EXPLAIN (FORMAT JSON) ".utf8) + text, types: types)
        bytes.writeImmutableBuffer(FrontendEncoder.bind(parameters))
        bytes.writeImmutableBuffer(FrontendEncoder.execute())
        bytes.writeImmutableBuffer(FrontendEncoder.sync())
        return bytes
    }
}
