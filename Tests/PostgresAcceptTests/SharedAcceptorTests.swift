import Glibc
import Synchronization
import Testing

@testable import PostgresAccept

@Suite("Shared acceptor")
struct SharedAcceptorTests {
    /// Counts connections and closes them.
    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        @Sendable func take(_ connection: CInt) {
            count.withLock { $0 += 1 }
            close(connection)
        }
    }

    /// A listening socket on a port that the kernel picks, and its address.
    private func listener() throws -> (descriptor: CInt, address: sockaddr_in) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(bound)
        return (descriptor, address)
    }

    /// Connects and waits for the other side to close; false when refused or cut otherwise.
    private func visit(_ address: sockaddr_in) -> Bool {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        guard connect(client, address) else { return false }
        var byte: UInt8 = 0
        return read(client, &byte, 1) == 0
    }

    private func connect(_ client: CInt, _ address: sockaddr_in) -> Bool {
        var address = address
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    @Test func eachConnectionGoesToOneAndNoneIsRefused() async throws {
        let (held, address) = try listener()
        defer { close(held) }
        let (first, second) = (Counter(), Counter())
        let one = try SharedAcceptor(sockets: [dup(held)], accepted: first.take)
        let other = try SharedAcceptor(sockets: [dup(held)], accepted: second.take)
        for _ in 0..<100 { #expect(visit(address)) }
        #expect(first.value + second.value == 100)

        await one.stop()
        let before = first.value
        for _ in 0..<20 { #expect(visit(address)) }
        #expect(first.value == before)
        #expect(first.value + second.value == 120)

        // Nobody accepts: a client waits in the queue for the next one.
        await other.stop()
        let waiting = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(waiting) }
        #expect(connect(waiting, address))
        let third = Counter()
        let next = try SharedAcceptor(sockets: [dup(held)], accepted: third.take)
        var byte: UInt8 = 0
        #expect(read(waiting, &byte, 1) == 0)
        #expect(third.value == 1)
        await next.stop()
    }

    @Test func stoppedAtOnceItEnds() async throws {
        let (held, _) = try listener()
        defer { close(held) }
        let acceptor = try SharedAcceptor(sockets: [dup(held)]) { close($0) }
        await acceptor.stop()
    }
}
