import NIOCore
@testable import PostgresWire
import Testing

@Suite("Startup packets")
struct StartupPacketTests {
    private func packet(_ code: Int, _ body: Body = Body()) -> [UInt8] {
        Body().int32(8 + body.all.count).int32(code).bytes(body.all).all
    }

    private func decode(_ bytes: [UInt8]) throws -> StartupPacket? {
        var buffer = ByteBuffer(bytes: bytes)
        return try StartupPacket.decode(&buffer)
    }

    private func message(_ bytes: [UInt8]) throws -> StartupMessage? {
        guard case .startup(let message)? = try decode(bytes) else { return nil }
        return message
    }

    private let version = 196_608

    @Test func requests() throws {
        #expect(try decode(packet(80_877_103)) == .sslRequest)
        #expect(try decode(packet(80_877_104)) == .gssEncryptionRequest)
        #expect(try decode(array(FrontendEncoder.sslRequest())) == .sslRequest)
        for code in [80_877_103, 80_877_104] {
            #expect(throws: WireError.self) { try decode(packet(code, Body().int8(0))) }
        }
    }

    @Test func waitsForEveryByte() throws {
        let body = Body().string("user").string("reporting").string("database").string("orders").int8(0)
        let whole = packet(version, body)
        for end in whole.indices { #expect(try decode(Array(whole[..<end])) == nil, "cut at \(end)") }
        let message = try #require(try message(whole))
        #expect(message.majorVersion == 3)
        #expect(message.minorVersion == 0)
        #expect(message["user"] == "reporting")
        #expect(message["database"] == "orders")
        #expect(message["USER"] == nil)
        #expect(message.parameters.map(\.name) == ["user", "database"])
    }

    @Test func leavesWhatFollows() throws {
        var buffer = ByteBuffer(bytes: packet(80_877_103) + [0x16, 3, 1])
        #expect(try StartupPacket.decode(&buffer) == .sslRequest)
        #expect(array(buffer) == [0x16, 3, 1])
    }

    @Test(arguments: [0, 3, 4, 7, 10_001, 0x7fff_ffff, -1, -0x8000_0000]) func hostileLengths(length: Int) {
        #expect(throws: WireError.self) { try decode(Body().int32(length).int32(version).int8(0).all) }
    }

    @Test func longestPacket() throws {
        let value = String(repeating: "x", count: 10_001 - 8 - 6 - 1)
        let whole = packet(version, Body().string("user").string(value).int8(0))
        #expect(whole.count == 10_001)
        #expect(throws: WireError.self) { try decode(whole) }
        let shorter = packet(version, Body().string("user").string(String(value.dropLast())).int8(0))
        #expect(shorter.count == 10_000)
        #expect(try message(shorter)?["user"]?.count == value.count - 1)
    }

    @Test func otherProtocolVersions() throws {
        #expect(try message(packet(196_610, Body().int8(0)))?.minorVersion == 2)
        #expect(try message(packet(0x3ffff, Body().int8(0)))?.minorVersion == 0xffff)
        for code in [0, 131_072, 262_144, 80_877_101, 80_877_105, -1] {
            #expect(throws: WireError.self, "\(code)") { try decode(packet(code, Body().int8(0))) }
        }
    }

    @Test func malformedParameters() {
        let bodies: [Body] = [
            Body(),  // no end
            Body().string("user"),  // no value
            Body().string("user").string("a"),  // no end
            Body().string("user").string("a").int8(0).int8(0),  // left over
            Body().string("user").string("a").bytes([0x61]),  // no NUL
            Body().bytes([0xff, 0]).string("a").int8(0),  // name is not UTF-8
            Body().string("user").bytes([0xc3, 0x28, 0]).int8(0),  // nor value
        ]
        for body in bodies { #expect(throws: WireError.self, "\(body.all)") { try decode(packet(version, body)) } }
    }

    @Test func duplicateParametersAreRefused() {
        let body = Body().string("user").string("a").string("database").string("x").string("user").string("b").int8(0)
        #expect(throws: WireError.self) { try decode(packet(version, body)) }
        let same = Body().string("user").string("a").string("user").string("a").int8(0)
        #expect(throws: WireError.self) { try decode(packet(version, same)) }
    }

    @Test func emptyValuesAreValues() throws {
        #expect(try message(packet(version, Body().string("user").string("").int8(0)))?["user"] == "")
    }

    @Test func cancelKeys() throws {
        for size in [1, 4, 32, 256] {
            let key = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            #expect(
                try decode(array(FrontendEncoder.cancel(processID: -5, key: key))) == .cancel(processID: -5, key: key))
        }
        for key in [[], [UInt8](repeating: 0, count: 257)] as [[UInt8]] {
            #expect(throws: WireError.self, "\(key.count)") {
                try decode(array(FrontendEncoder.cancel(processID: 1, key: key)))
            }
        }
        #expect(throws: WireError.self) { try decode(packet(80_877_102, Body().int16(1))) }
    }

    @Test func encodesWhatItDecodes() throws {
        let parameters = [(name: "user", value: "app"), (name: "application_name", value: "été")]
        let message = try #require(try message(array(FrontendEncoder.startup(parameters))))
        #expect(message.parameters.map(\.name) == parameters.map(\.name))
        #expect(message.parameters.map(\.value) == parameters.map(\.value))
        let negotiate = BackendEncoder.negotiateProtocolVersion(newestMinor: 2, unknown: ["_pq_.x"])
        #expect(array(negotiate) == [UInt8(ascii: "v")] + Body().int32(19).int32(196_610).int32(1).string("_pq_.x").all)
    }
}
