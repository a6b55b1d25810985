@testable import PostgresAccept
import Synchronization
import Testing

private final class Count: Sendable {
    private let count = Mutex(0)
    func add() { count.withLock { $0 += 1 } }
    var value: Int { count.withLock { $0 } }
}

@Suite("Cancel requests")
struct CancelRegistryTests {
    private let registry = CancelRegistry()
    private let mine = Count()
    private let others = Count()

    @Test func reachOnlyTheirOwnSession() {
        let handle = registry.register(keyLength: 32) { [mine] in mine.add() }
        let other = registry.register(keyLength: 32) { [others] in others.add() }
        #expect(handle.processID > 0)
        #expect(handle.key.count == 32)
        registry.cancel(processID: handle.processID, key: handle.key)
        #expect(mine.value == 1)
        #expect(others.value == 0)
        registry.cancel(processID: handle.processID, key: other.key)
        registry.cancel(processID: other.processID, key: handle.key)
        #expect(mine.value == 1)
        #expect(others.value == 0)
    }

    @Test func aWrongKeyIsHarmless() {
        let handle = registry.register(keyLength: 4) { [mine] in mine.add() }
        for index in handle.key.indices {
            var key = handle.key
            key[index] ^= 1
            registry.cancel(processID: handle.processID, key: key)
        }
        for key in [[], Array(handle.key.dropLast()), handle.key + [0], [0, 0, 0, 0].map { $0 ^ handle.key[0] &+ 1 }] {
            registry.cancel(processID: handle.processID, key: key)
        }
        registry.cancel(processID: handle.processID &+ 1, key: handle.key)
        registry.cancel(processID: -handle.processID, key: handle.key)
        #expect(mine.value == 0)
        registry.cancel(processID: handle.processID, key: handle.key)
        #expect(mine.value == 1)
    }

    @Test func oneThatAnotherIngressPassedOnIsCheckedTheSame() {
        let handle = registry.register(keyLength: 32) { [mine] in mine.add() }
        let secret = CancelRegistry.forwarded(processID: handle.processID, key: handle.key)
        #expect(secret.count == 36)
        for wrong in [[], Array(secret.prefix(4)), Array(secret.dropLast()), secret + [0], Array(secret.reversed())] {
            registry.cancel(forwarded: wrong)
        }
        #expect(mine.value == 0)
        registry.cancel(forwarded: secret)
        #expect(mine.value == 1)
    }

    @Test func saysWhetherTheSessionIsHere() {
        let handle = registry.register(keyLength: 4) {}
        #expect(registry.cancel(processID: handle.processID, key: handle.key))
        // The id is here and the key is wrong: nobody else is asked.
        #expect(registry.cancel(processID: handle.processID, key: [0]))
        registry.unregister(handle)
        #expect(!registry.cancel(processID: handle.processID, key: handle.key))
    }

    @Test func anEndedSessionIsNotCancelled() {
        let handle = registry.register(keyLength: 4) { [mine] in mine.add() }
        registry.unregister(handle)
        registry.unregister(handle)
        registry.cancel(processID: handle.processID, key: handle.key)
        #expect(mine.value == 0)
    }

    @Test func everySessionHasItsOwnId() {
        let handles = (0..<2000).map { _ in registry.register(keyLength: 4) {} }
        #expect(Set(handles.map(\.processID)).count == 2000)
    }
}
