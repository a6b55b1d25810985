import Contract
import Foundation
import Testing

/// One line of a file in the Corpus folder: what a statement must be seen as, and the statement.
struct CorpusLine: CustomTestStringConvertible, Sendable {
    let expected: String
    let sql: String

    var testDescription: String { sql }

    static func all(of file: String) -> [CorpusLine] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
        guard let text = try? String(contentsOf: folder.appending(path: file), encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("#"), let mark = line.range(of: ":: ") else { return nil }
            return CorpusLine(
                expected: line[..<mark.lowerBound].trimmingCharacters(in: .whitespaces),
                sql: String(line[mark.upperBound...]))
        }
    }
}

extension Facts {
    /// The facts as the corpus writes them, but for the order of their words.
    var compact: Set<String> {
        var words = Set(operations)
        if !tablesRead.isEmpty { words.insert("r=" + tablesRead.joined(separator: ",")) }
        if !tablesWritten.isEmpty { words.insert("w=" + tablesWritten.joined(separator: ",")) }
        if !functions.isEmpty { words.insert("f=" + functions.joined(separator: ",")) }
        if unfiltered { words.insert("unfiltered") }
        return words
    }
}
