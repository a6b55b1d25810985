import CPgQuery
import Glibc

/// Runs PostgreSQL's parser over a text.
enum TextParser {
    struct NotUnderstood: Error {
        let reason: String
    }

    /// The text as the parser takes it; valid UTF-8 without zero bytes.
    struct Text: ~Copyable {
        let bytes: UnsafeRawBufferPointer
        fileprivate let characters: UnsafeMutablePointer<CChar>

        init(_ bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
            characters = .allocate(capacity: bytes.count + 1)
            if let base = bytes.baseAddress {
                UnsafeMutableRawPointer(characters).copyMemory(from: base, byteCount: bytes.count)
            }
            characters[bytes.count] = 0
        }

        deinit { characters.deallocate() }
    }

    /// Calls `body` with the tree, which is valid until it returns.
    static func withTree<Result>(
        of bytes: UnsafeRawBufferPointer, _ body: (UnsafePointer<PgQuery__ParseResult>) -> Result
    ) throws(NotUnderstood) -> Result {
        let text = Text(bytes)
        if let result = try withJSONTree(of: text, body) { return result }
        return try withProtobufTree(of: text, body)
    }

    /// nil when the JSON is not as expected.
    static func withJSONTree<Result>(
        of text: borrowing Text, _ body: (UnsafePointer<PgQuery__ParseResult>) -> Result
    ) throws(NotUnderstood) -> Result? {
        let parsed = pg_query_parse(text.characters)
        defer { pg_query_free_parse_result(parsed) }
        if let error = parsed.error { throw notUnderstood(error) }
        guard let json = parsed.parse_tree else { return nil }
        let length = strlen(json)
        guard length <= PostgresClassifier.maximumTree else {
            throw NotUnderstood(
                reason: "the text means too much: its parse tree is longer than \(PostgresClassifier.maximumTree) bytes"
            )
        }
        let arena = TreeArena()
        guard let tree = TreeReader.read(json, length, of: text.bytes, arena: arena) else { return nil }
        return withExtendedLifetime(arena) { body(tree) }
    }

    static func withProtobufTree<Result>(
        of text: borrowing Text, _ body: (UnsafePointer<PgQuery__ParseResult>) -> Result
    ) throws(NotUnderstood) -> Result {
        let tree = try protobufTree(of: text)
        defer { pg_query__parse_result__free_unpacked(tree, nil) }
        return body(tree)
    }

    /// A tree of its own, which the caller frees with `pg_query__parse_result__free_unpacked`.
    static func protobufTree(
        of text: borrowing Text
    ) throws(NotUnderstood) -> UnsafeMutablePointer<PgQuery__ParseResult> {
        let parsed = pg_query_parse_protobuf(text.characters)
        defer { pg_query_free_protobuf_parse_result(parsed) }
        if let error = parsed.error { throw notUnderstood(error) }
        guard let data = parsed.parse_tree.data,
            let tree = UnsafeMutableRawPointer(data).withMemoryRebound(
                to: UInt8.self, capacity: parsed.parse_tree.len,
                { pg_query__parse_result__unpack(nil, parsed.parse_tree.len, $0) })
        else {
            // An empty tree has no bytes but its version; anything else that does not unpack is not understood.
            throw NotUnderstood(reason: "the parse tree cannot be read")
        }
        return tree
    }

    private static func notUnderstood(_ error: UnsafeMutablePointer<PgQueryError>) -> NotUnderstood {
        let message = error.pointee.message.map { String(cString: $0) } ?? "not understood"
        return NotUnderstood(reason: "not understood: \(message.prefix(200))")
    }
}
