import Foundation

/// The SQLSTATEs that `docs/operations.md` promises, read from its own table: a test against them fails when what
/// Sluice answers and what its documents say drift apart.
public struct DocumentedErrors: Sendable {
    /// Codes of the table "Error codes", and those that the paragraph below it names.
    public let codes: Set<String>

    public init() throws {
        let path = Project.root + "/docs/operations.md"
        guard let data = FileManager.default.contents(atPath: path) else { throw TestKitError("no \(path)") }
        try self.init(markdown: String(decoding: data, as: UTF8.self))
    }

    public init(markdown: String) throws {
        let parts = markdown.components(separatedBy: "\n## ")
        guard let section = parts.first(where: { $0.hasPrefix("Error codes\n") }) else {
            throw TestKitError("docs/operations.md has no section “Error codes”")
        }
        var found: Set<String> = []
        for line in section.split(separator: "\n").dropFirst() {
            if line.hasPrefix("|") {
                let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                for code in (cells.first ?? "").components(separatedBy: ", ") where Self.isCode(code) {
                    found.insert(code)
                }
            } else {
                for word in line.split(separator: "`").map(String.init) where Self.isCode(word) { found.insert(word) }
            }
        }
        guard found.count >= 10 else { throw TestKitError("only \(found.count) codes in docs/operations.md") }
        codes = found
    }

    /// Five digits or capital letters, at least one of them a digit (PostgreSQL manual, appendix A).
    private static func isCode(_ text: String) -> Bool {
        text.utf8.count == 5 && text.utf8.contains { (0x30...0x39).contains($0) }
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) }
    }
}
