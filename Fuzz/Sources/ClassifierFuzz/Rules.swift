import Contract
@testable import PostgresClassify

/// What holds for the facts of any input.
enum Rules {
    /// The rule that is broken, if one is.
    static func broken(_ facts: Facts, _ input: [UInt8], _ classifier: PostgresClassifier) -> String? {
        if facts.opaque != facts.operations.contains("opaque") { return "opaque and its operation differ" }
        if facts.opaque, facts.opaqueReason.isEmpty { return "opaque without a reason" }
        if facts.operations != Set(facts.operations).sorted() { return "operations are not sorted" }
        if facts.operations.isEmpty, facts.statements > 0 { return "a statement does nothing" }
        if !facts.tablesWritten.isEmpty, facts.operations.allSatisfy({ ["read", "session.safe"].contains($0) }) {
            return "a table is written by reading"
        }
        if facts.unfiltered, !["write", "truncate"].contains(where: facts.operations.contains) {
            return "unfiltered without a write"
        }
        if classifier.facts(of: input) != facts { return "the same input has other facts the second time" }
        // A comment before a statement says nothing.
        if !facts.opaque, classifier.facts(of: Array("/* x */ ".utf8) + input).operations != facts.operations {
            return "a comment changes the operations"
        }
        if !facts.opaque, treesDiffer(input) { return "the JSON tree is not the protobuf tree" }
        return nil
    }

    private static func treesDiffer(_ input: [UInt8]) -> Bool {
        input.withUnsafeBytes { bytes in
            // The wire format ends texts with a zero byte.
            let text = TextParser.Text(bytes.last == 0 ? UnsafeRawBufferPointer(rebasing: bytes.dropLast()) : bytes)
            let isSame = try? TextParser.withProtobufTree(of: text) { expected in
                try? TextParser.withJSONTree(of: text) { tree in
                    guard let a = Message(tree), let b = Message(expected) else { return false }
                    return same(a, b)
                }
            }
            return isSame == false
        }
    }

    private static func same(_ a: Message, _ b: Message) -> Bool {
        guard a.shape === b.shape, sameValues(a, b) else { return false }
        let (left, right) = (a.children, b.children)
        return left.count == right.count && zip(left, right).allSatisfy(same)
    }
}
