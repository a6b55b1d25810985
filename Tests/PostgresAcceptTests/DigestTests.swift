import Contract
import NIOCore
@testable import PostgresAccept
@testable import PostgresWire
import Testing

/// The digest that an approval is bound to: everything that decides what an execution does is in it.
@Suite("Execution digests")
struct DigestTests {
    struct Execution {
        var text = "DELETE FROM t WHERE id = $1 AND name = $2"
        var types: [Int32] = []
        var formats: [Int16] = []
        var values: [[UInt8]?] = [[0x31], [0x78]]
        var results: [Int16] = []
        var portal = ""
        var statement = "s"

        func digest() throws -> [UInt8] {
            var declared = ByteBuffer()
            declared.writeInteger(Int16(types.count))
            for type in types { declared.writeInteger(type) }
            let prepared = PreparedStatement(
                text: Array(text.utf8), textDigest: PostgresSession.digest(Array(text.utf8)), types: declared,
                epoch: [],
                isHeld: true, mask: MaskPlan())
            var bind = ByteBuffer()
            bind.writeMessage(FrontendType.bind) {
                $0.writeCString(portal)
                $0.writeCString(statement)
                $0.writeInteger(Int16(formats.count))
                for format in formats { $0.writeInteger(format) }
                $0.writeInteger(Int16(values.count))
                for value in values {
                    $0.writeInteger(Int32(value?.count ?? -1))
                    $0.writeBytes(value ?? [])
                }
                $0.writeInteger(Int16(results.count))
                for format in results { $0.writeInteger(format) }
            }
            return PostgresSession.digest(
                of: prepared, bind: try BindMessage(Frame(type: FrontendType.bind, bytes: bind)))
        }
    }

    @Test func theSameExecutionHasTheSameDigest() throws {
        let digest = try Execution().digest()
        #expect(digest.count == 32)
        #expect(try Execution().digest() == digest)
    }

    @Test func names() throws {
        // What the client calls them decides nothing.
        #expect(try Execution(portal: "p", statement: "other").digest() == (try Execution().digest()))
    }

    @Test func anythingElseChangesIt() throws {
        let executions: [Execution] = [
            Execution(),
            Execution(text: "DELETE FROM t WHERE id = $1 AND name <> $2"),
            Execution(types: [23]),
            Execution(types: [25]),
            Execution(types: [23, 25]),
            Execution(types: [25, 23]),
            Execution(formats: [0]),
            Execution(formats: [1]),
            Execution(formats: [0, 1]),
            Execution(formats: [1, 0]),
            Execution(values: [[0x31], [0x79]]),
            Execution(values: [[0x78], [0x31]]),
            Execution(values: [[0x31], nil]),
            Execution(values: [nil, [0x31]]),
            Execution(values: [[0x31], []]),
            Execution(values: [[0x31, 0x78], []]),
            Execution(values: [[], [0x31, 0x78]]),
            Execution(values: [[0x31]]),
            Execution(values: [[0x31], [0x78], []]),
            Execution(results: [0]),
            Execution(results: [1]),
        ]
        let digests = try executions.map { try $0.digest() }
        #expect(Set(digests).count == executions.count)
        // Nor is it that of the text.
        #expect(!digests.contains(PostgresSession.digest(Array(Execution().text.utf8))))
    }

    /// The bytes of declared types cannot be taken for bind values.
    @Test func boundariesBetweenPartsCount() throws {
        #expect(try Execution(types: [0], values: []).digest() != (try Execution(types: [], values: [[0]]).digest()))
    }

    @Test func knownValue() {
        // FIPS 180-2, B.1.
        #expect(PostgresSession.digest(Array("abc".utf8)).prefix(4) == [0xba, 0x78, 0x16, 0xbf])
    }

    @Test func readableValues() {
        func text(_ bytes: [UInt8], format: Int16 = 0) -> String {
            PostgresSession.readable((format: format, value: ByteBuffer(bytes: bytes)))
        }
        #expect(PostgresSession.readable((format: 0, value: nil)) == "NULL")
        #expect(text(Array("42".utf8)) == "42")
        #expect(text([0xde, 0xad], format: 1) == "\\xdead")
        // A reviewer sees all of it, and bytes where it is no text.
        #expect(text([0xff]) == "\\xff")
        #expect(text([UInt8](repeating: 0x61, count: 300)) == String(repeating: "a", count: 300))
    }
}
