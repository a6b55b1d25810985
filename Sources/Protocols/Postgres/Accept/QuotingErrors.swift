/// Errors of a target whose text may have a value in it that it read or was given.
enum QuotingErrors {
    /// Classes of SQLSTATE (PostgreSQL's appendix A) whose texts name objects, settings and states, never values. `22` data
    /// exceptions, `23` constraints, `P0` RAISE and a server's own are not among them.
    private static let plainClasses: Set<String> = [
        "08", "0A", "25", "26", "28", "34", "3B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58",
    ]

    /// - Parameter fields: of the ErrorResponse.
    static func contain(_ fields: [UInt8: String]) -> Bool {
        guard plainClasses.contains(String((fields[UInt8(ascii: "C")] ?? "").prefix(2))) else { return true }
        // Raised within a function, or by a query that one made: its text may be made of values.
        return fields[UInt8(ascii: "W")] != nil || fields[UInt8(ascii: "q")] != nil
    }
}
