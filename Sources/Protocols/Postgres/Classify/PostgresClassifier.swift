import CPgQuery
import Contract
import Glibc

/// Turns the text of PostgreSQL commands into facts, with PostgreSQL's own grammar (libpg_query).
///
/// Never fails: a text that is too long, too deep, not UTF-8 or not SQL is `opaque`, with the operation of that
/// name and a reason. The text must be in an encoding whose multi-byte characters hold no ASCII bytes, with
/// `standard_conforming_strings` on: settings that end this are themselves opaque. Safe to use from many threads.
public struct PostgresClassifier: Sendable {
    /// Longest text that is parsed, in bytes.
    public static let maximumLength = 1 << 20
    /// Deepest nesting that is parsed, in the steps that `NestingScan` counts.
    public static let maximumNesting = 2000
    /// Most tokens and statements that are parsed: tens of milliseconds of work (docs/performance.md).
    public static let maximumTokens = 120_000
    public static let maximumStatements = 10_000
    /// Nesting up to which the caller's own stack is used: at most 3 KiB a step (measured).
    static let inlineNesting = 120
    /// Stack for deeper texts, in bytes.
    static let deepStack = 64 << 20

    public init() {}

    public func facts(of sql: [UInt8]) -> Facts {
        sql.withUnsafeBytes { facts(of: $0) }
    }

    public func facts(of sql: UnsafeRawBufferPointer) -> Facts {
        var sql = sql
        // The wire format ends texts with a zero byte.
        if sql.last == 0 { sql = UnsafeRawBufferPointer(rebasing: sql.dropLast()) }
        guard sql.count <= Self.maximumLength else {
            return Self.opaque("the text is longer than \(Self.maximumLength) bytes")
        }
        guard !sql.contains(0) else { return Self.opaque("the text holds a zero byte") }
        guard String(validating: sql, as: UTF8.self) != nil else { return Self.opaque("the text is not valid UTF-8") }
        let scan = NestingScan(sql)
        guard scan.tokens <= Self.maximumTokens else {
            return Self.opaque("the text has more than \(Self.maximumTokens) words and marks")
        }
        guard scan.semicolons <= Self.maximumStatements else {
            return Self.opaque("the text has more than \(Self.maximumStatements) statements")
        }
        let nesting = scan.depth
        guard nesting <= Self.maximumNesting else {
            return Self.opaque("the text nests deeper than \(Self.maximumNesting)")
        }
        if nesting <= Self.inlineNesting { return Self.parse(sql) }
        return onDeepStack(sql)
    }

    static func opaque(_ reason: String) -> Facts {
        var facts = Facts()
        facts.operations = ["opaque"]
        facts.opaque = true
        facts.opaqueReason = reason
        facts.unlimitable = Analysis.uncountedText
        return facts
    }

    private static func parse(_ sql: UnsafeRawBufferPointer) -> Facts {
        do {
            return try TextParser.withTree(of: sql) { tree in
                var analysis = Analysis()
                for index in 0..<tree.pointee.n_stmts {
                    guard let statement = tree.pointee.stmts[index], let message = Message(statement.pointee.stmt)
                    else {
                        continue
                    }
                    analysis.addStatement(message)
                }
                return analysis.facts()
            }
        } catch {
            return opaque(error.reason)
        }
    }

    /// Parses on a thread of its own whose stack holds the deepest text that is let through.
    private func onDeepStack(_ sql: UnsafeRawBufferPointer) -> Facts {
        final class Task {
            let sql: UnsafeRawBufferPointer
            var facts = PostgresClassifier.opaque("no stack for a text this deep")
            init(_ sql: UnsafeRawBufferPointer) { self.sql = sql }
        }
        let task = Task(sql)
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return task.facts }
        defer { pthread_attr_destroy(&attributes) }
        guard pthread_attr_setstacksize(&attributes, Self.deepStack) == 0 else { return task.facts }
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(task)
        let started = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let task = Unmanaged<Task>.fromOpaque(argument).takeRetainedValue()
                task.facts = PostgresClassifier.parse(task.sql)
                return nil
            }, argument.toOpaque())
        guard started == 0 else {
            argument.release()
            return task.facts
        }
        pthread_join(thread, nil)
        return task.facts
    }
}
