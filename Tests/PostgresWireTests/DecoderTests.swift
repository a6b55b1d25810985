import NIOCore
@testable import PostgresWire
import Testing

@Suite("Message decoders")
struct DecoderTests {
    @Test func takeTheirMessage() {
        for decoder in Decoders.exact { #expect(decoder.accepts(decoder.body), "\(decoder.name)") }
    }

    @Test func refuseTheirMessageCutAtAnyByte() {
        for decoder in Decoders.exact {
            for end in decoder.body.indices {
                #expect(!decoder.accepts(Array(decoder.body[..<end])), "\(decoder.name) cut at \(end)")
            }
        }
    }

    @Test func refuseBytesLeftOver() {
        for decoder in Decoders.exact {
            for rest in [[UInt8(0)], [1], [0, 0, 0, 0]] {
                #expect(!decoder.accepts(decoder.body + rest), "\(decoder.name)")
            }
        }
    }

    /// Every byte of every message replaced by hostile ones: an error or a message, never a crash.
    @Test func surviveChangedBytes() {
        for decoder in Decoders.exact {
            for index in decoder.body.indices {
                for byte: UInt8 in [0, 1, 0x7f, 0x80, 0xff] {
                    var body = decoder.body
                    body[index] = byte
                    _ = decoder.accepts(body)
                }
            }
        }
    }

    // MARK: What is in them

    @Test func query() throws {
        let text: [UInt8] = [0x53, 0xff, 0xfe]
        #expect(array(try QueryMessage(frame(FrontendType.query, text + [0])).text) == text)
        #expect(throws: WireError.self) { try QueryMessage(frame(FrontendType.query, [0x53, 0, 0x54, 0])) }
    }

    @Test func parse() throws {
        let parse = try ParseMessage(
            frame(FrontendType.parse, Body().string("s").string("SELECT $1").int16(1).int32(23)))
        #expect(parse.name == "s")
        #expect(array(parse.text) == Array("SELECT $1".utf8))
        #expect(array(parse.types) == Body().int16(1).int32(23).all)
        for count in [-1, 2, 0x7fff, -0x8000] {
            #expect(throws: WireError.self, "\(count)") {
                try ParseMessage(frame(FrontendType.parse, Body().string("").string("x").int16(count).int32(23)))
            }
        }
        #expect(throws: WireError.self) { try ParseMessage(frame(FrontendType.parse, [0xff, 0, 0, 0, 0])) }
    }

    @Test func bind() throws {
        let bind = try BindMessage(frame(FrontendType.bind, Decoders.bind))
        #expect(bind.portal == "p")
        #expect(bind.statement == "s")
        #expect(bind.parameters.map(\.format) == [0, 1])
        #expect(bind.parameters.map { $0.value.map(array) } == [[1, 2], nil])
        #expect(array(bind.rest) == Array(Decoders.bind.all.dropFirst(4)))
    }

    @Test func bindFormats() throws {
        func bind(_ body: Body) throws -> [Int16] {
            try BindMessage(frame(FrontendType.bind, Body().string("").string("").bytes(body.all))).parameters.map(
                \.format)
        }
        // None: text. One: for all. Otherwise one for each.
        #expect(try bind(Body().int16(0).int16(2).int32(-1).int32(-1).int16(0)) == [0, 0])
        #expect(try bind(Body().int16(1).int16(1).int16(2).int32(-1).int32(-1).int16(0)) == [1, 1])
        #expect(try bind(Body().int16(1).int16(1).int16(0).int16(0)) == [])
        #expect(throws: WireError.self) { try bind(Body().int16(2).int16(1).int16(1).int16(1).int32(-1).int16(0)) }
        #expect(throws: WireError.self) {
            try bind(Body().int16(2).int16(1).int16(1).int16(3).int32(-1).int32(-1).int32(-1).int16(0))
        }
        #expect(throws: WireError.self) { try bind(Body().int16(1).int16(2).int16(0).int16(0)) }
        #expect(throws: WireError.self) { try bind(Body().int16(0).int16(0).int16(1).int16(-1)) }
    }

    @Test(arguments: [-2, 3, 0x7fff_ffff, -0x8000_0000]) func bindValueLengths(length: Int) {
        let body = Body().string("").string("").int16(0).int16(1).int32(length).bytes([1, 2])
        #expect(throws: WireError.self) { try BindMessage(frame(FrontendType.bind, body)) }
    }

    @Test func bindTakesAsManyParametersAsPostgreSQL() throws {
        var body = Body().string("").string("").int16(0).int16(65_535)
        body.buffer.writeRepeatingByte(0xff, count: 65_535 * 4)
        body = body.int16(0)
        #expect(try BindMessage(frame(FrontendType.bind, body)).parameters.count == 65_535)
    }

    @Test func describeAndClose() throws {
        let portal = try NamedObjectMessage(frame(FrontendType.close, Body().int8(0x50).string("c")))
        #expect(portal.isPortal)
        #expect(portal.name == "c")
        #expect(try !NamedObjectMessage(frame(FrontendType.close, Body().int8(0x53).string(""))).isPortal)
        #expect(throws: WireError.self) {
            try NamedObjectMessage(frame(FrontendType.close, Body().int8(0x51).string("")))
        }
    }

    @Test func execute() throws {
        let execute = try ExecuteMessage(frame(FrontendType.execute, Body().string("p").int32(-1)))
        #expect(execute.portal == "p")
        #expect(execute.rowLimit == -1)
    }

    @Test(arguments: [-1, 4, 0x7fff_ffff, -0x8000_0000]) func saslLengths(length: Int) {
        let body = Body().string("SCRAM-SHA-256").int32(length).bytes([1, 2, 3])
        #expect(throws: WireError.self) { try SASLInitialResponse(frame(FrontendType.password, body)) }
    }

    @Test func saslInitialResponse() throws {
        let frame = Frame(
            type: FrontendType.password,
            bytes: FrontendEncoder.saslInitialResponse(mechanism: "SCRAM-SHA-256", data: [1, 2]))
        let response = try SASLInitialResponse(frame)
        #expect(response.mechanism == "SCRAM-SHA-256")
        #expect(response.data == [1, 2])
    }

    @Test func rowDescription() throws {
        let fields = try BackendDecoder.rowDescription(frame(BackendType.rowDescription, Decoders.rowDescription))
        #expect(
            fields == [
                FieldDescription(name: "id", tableOID: 16_384, attribute: 1, typeOID: 23, format: 0),
                FieldDescription(name: "mail", tableOID: 0, attribute: 0, typeOID: 25, format: 1),
            ])
        for count in [-1, 3, 0x7fff, -0x8000] {
            let body = Body().int16(count).bytes(Array(Decoders.rowDescription.all.dropFirst(2)))
            #expect(throws: WireError.self, "\(count)") {
                try BackendDecoder.rowDescription(frame(BackendType.rowDescription, body))
            }
        }
        let bad = Body().int16(1).string("x").int32(0).int16(0).int32(23).int16(4).int32(-1).int16(2)
        #expect(throws: WireError.self) { try BackendDecoder.rowDescription(frame(BackendType.rowDescription, bad)) }
    }

    @Test func dataRow() throws {
        let row = try BackendDecoder.dataRow(
            frame(BackendType.dataRow, Body().int16(3).int32(1).int8(7).int32(-1).int32(0)))
        #expect(row.map { $0.map(array) } == [[7], nil, []])
        for length in [-2, 2, 0x7fff_ffff, -0x8000_0000] {
            #expect(throws: WireError.self, "\(length)") {
                try BackendDecoder.dataRow(frame(BackendType.dataRow, Body().int16(1).int32(length).int8(7)))
            }
        }
        for count in [-1, 2, 0x7fff, -0x8000] {
            #expect(throws: WireError.self, "\(count)") {
                try BackendDecoder.dataRow(frame(BackendType.dataRow, Body().int16(count).int32(1).int8(7)))
            }
        }
    }

    @Test func errorFields() throws {
        let error = Frame(
            type: BackendType.errorResponse,
            bytes: BackendEncoder.notice(WireNotice(sqlState: "42501", message: "no\0pe", detail: "d", hint: "h")))
        let fields = try BackendDecoder.errorFields(error)
        #expect(fields[UInt8(ascii: "S")] == "ERROR")
        #expect(fields[UInt8(ascii: "V")] == "ERROR")
        #expect(fields[UInt8(ascii: "C")] == "42501")
        #expect(fields[UInt8(ascii: "M")] == "nope")
        #expect(fields[UInt8(ascii: "D")] == "d")
        #expect(fields[UInt8(ascii: "H")] == "h")
    }

    @Test func notices() {
        #expect(
            BackendEncoder.notice(WireNotice(severity: .notice, sqlState: "01000", message: "m")).getInteger(
                at: 0, as: UInt8.self) == BackendType.noticeResponse)
        #expect(
            BackendEncoder.notice(WireNotice(severity: .fatal, sqlState: "08P01", message: "m")).getInteger(
                at: 0, as: UInt8.self) == BackendType.errorResponse)
    }

    @Test func readyForQuery() throws {
        for status in [TransactionStatus.idle, .inTransaction, .failed] {
            let bytes = BackendEncoder.readyForQuery(status)
            #expect(try BackendDecoder.readyForQuery(Frame(type: BackendType.readyForQuery, bytes: bytes)) == status)
        }
        #expect(throws: WireError.self) { try BackendDecoder.readyForQuery(frame(BackendType.readyForQuery, [0])) }
    }

    @Test func backendKeyData() throws {
        for size in [1, 4, 32, 256] {
            let key = [UInt8](repeating: 5, count: size)
            let bytes = BackendEncoder.backendKeyData(processID: -7, key: key)
            let data = try BackendDecoder.backendKeyData(Frame(type: BackendType.backendKeyData, bytes: bytes))
            #expect(data.processID == -7)
            #expect(data.key == key)
        }
        for body in [[], [0, 0, 0], [0, 0, 0, 1], [UInt8](repeating: 0, count: 4 + 257)] as [[UInt8]] {
            #expect(throws: WireError.self) {
                try BackendDecoder.backendKeyData(frame(BackendType.backendKeyData, body))
            }
        }
    }

    @Test func authentication() throws {
        let bytes = BackendEncoder.authenticationSASL(mechanisms: ["SCRAM-SHA-256"])
        let (code, rest) = try BackendDecoder.authentication(Frame(type: BackendType.authentication, bytes: bytes))
        #expect(code == 10)
        #expect(try BackendDecoder.mechanisms(rest) == ["SCRAM-SHA-256"])
        #expect(throws: WireError.self) {
            try BackendDecoder.authentication(frame(BackendType.authentication, [0, 0, 0]))
        }
        #expect(throws: WireError.self) { try BackendDecoder.mechanisms(ByteBuffer(bytes: [0x41])) }
    }
}
