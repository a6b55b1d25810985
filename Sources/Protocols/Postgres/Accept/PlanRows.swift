import Foundation

/// Rows that a plan expects (EXPLAIN (FORMAT JSON)): those that its top node returns, and those that any of its nodes
/// changes.
enum PlanRows {
    /// The largest number; nil when the answer is not a plan.
    static func rows(in answer: [UInt8]) -> UInt64? {
        guard let statements = try? JSONSerialization.jsonObject(with: Data(answer)) as? [[String: Any]] else {
            return nil
        }
        // A rule may have made several of one statement, or none.
        var most = 0.0
        for statement in statements {
            guard let plan = statement["Plan"] as? [String: Any], let rows = expected(of: plan) else { return nil }
            most = max(most, rows, changed(by: plan))
        }
        return UInt64(exactly: most.rounded(.up)) ?? .max
    }

    private static func expected(of plan: [String: Any]) -> Double? { (plan["Plan Rows"] as? NSNumber)?.doubleValue }

    /// ModifyTable expects nothing itself unless it returns: its inputs are the rows that it changes, several before
    /// PostgreSQL 14.
    private static func changed(by plan: [String: Any]) -> Double {
        let children = plan["Plans"] as? [[String: Any]] ?? []
        let below = children.map(changed).max() ?? 0
        guard plan["Node Type"] as? String == "ModifyTable" else { return below }
        let inputs = children.filter { ["Outer", "Member"].contains($0["Parent Relationship"] as? String) }
        return max(below, inputs.reduce(0) { $0 + (expected(of: $1) ?? .infinity) })
    }
}
