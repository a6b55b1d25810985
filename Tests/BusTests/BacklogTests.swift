@testable import Bus
import Contract
import Testing

@Suite("Backlog of answers")
struct BacklogTests {
    private var backlog = Backlog()
    private let second: UInt64 = 1_000_000_000

    /// Offers everything at `now`; those that go to `full` find no room. Returns what was sent and what was dropped.
    private mutating func offer(now: UInt64, full: Set<Destination> = []) -> (sent: [UInt64], dropped: [Destination]) {
        var sent: [UInt64] = []
        let dropped = backlog.send(now: now) { message, destination in
            guard !full.contains(destination) else { return false }
            sent.append(message.header.sequence)
            return true
        }
        return (sent, dropped)
    }

    @Test mutating func aFullPeerHoldsUpNoOther() {
        let (a, b) = (Destination.inbox("a"), Destination.inbox("b"))
        for (sequence, destination) in [(1, a), (2, b), (3, a), (4, b)] {
            backlog.add(message(sequence: UInt64(sequence)), to: destination, now: 0)
        }
        #expect(offer(now: 0, full: [a]) == ([2, 4], []))
        #expect(offer(now: second / 2) == ([1, 3], []))
        #expect(backlog.isEmpty)
    }

    @Test mutating func whatFindsNoRoomForLongIsDropped() {
        let a = Destination.inbox("a")
        backlog.add(message(sequence: 1), to: a, now: 0)
        backlog.add(message(sequence: 2), to: a, now: second / 2)
        #expect(offer(now: second, full: [a]) == ([], [a]))
        #expect(offer(now: second) == ([2], []))
        #expect(backlog.isEmpty)
    }

    @Test mutating func whatWaitsForASlowPeerIsKept() {
        let a = Destination.inbox("a")
        for sequence in 1...4 { backlog.add(message(sequence: UInt64(sequence)), to: a, now: 0) }
        // It takes one now and then.
        for step in 1...3 {
            var room = 1
            var sent: [UInt64] = []
            let dropped = backlog.send(now: UInt64(step) * second) { message, _ in
                guard room > 0 else { return false }
                room -= 1
                sent.append(message.header.sequence)
                return true
            }
            #expect(sent == [UInt64(step)] && dropped.isEmpty)
        }
        #expect(offer(now: 4 * second, full: [a]) == ([], [a]))
        #expect(backlog.isEmpty)
    }

    /// So that the stage takes no more work for it, and goes on with that for others.
    @Test mutating func aDestinationIsBehindOnceItHasItsShare() {
        let (a, b) = (Destination.inbox("a"), Destination.inbox("b"))
        for _ in 0..<Backlog.shareCount { backlog.add(message(), to: a, now: 0) }
        backlog.add(message(), to: b, now: 0)
        #expect(backlog.behind.isEmpty)
        _ = offer(now: 0, full: [a, b])
        #expect(backlog.behind == [a])
        backlog.add(message(payload: Array(repeating: 0, count: Backlog.shareBytes)), to: b, now: 0)
        _ = offer(now: 0, full: [a, b])
        #expect(backlog.behind == [a, b])
        _ = offer(now: 0, full: [b])
        #expect(backlog.behind == [b])
        #expect(!backlog.isFull)
        // What is dropped holds up nobody.
        #expect(offer(now: second, full: [b]) == ([], [b, b]))
        #expect(backlog.behind.isEmpty && backlog.isEmpty)
    }

    /// Which commands go on to a stage may show only when they do; an inbox gets what it is owed.
    @Test mutating func aStageThatIsFarBehindGetsNoMore() {
        let (stage, inbox) = (Destination.anyReplica(of: "approver"), Destination.inbox("a"))
        for destination in [stage, inbox] {
            for _ in 0..<Backlog.limitCount - 1 {
                #expect(backlog.add(message(), to: destination, now: 0) == true)
                _ = offer(now: 0, full: [stage, inbox])
            }
        }
        for isTaken in [true, false] {
            #expect(backlog.add(message(), to: stage, now: 0) == isTaken)
            #expect(backlog.add(message(), to: inbox, now: 0) == true)
        }
        #expect(backlog.add(message(), to: .anyReplica(of: "custom"), now: 0) == true)
        _ = offer(now: 0)
        #expect(backlog.add(message(), to: stage, now: 0) == true)
    }

    @Test mutating func itIsFullByCountAndByBytes() {
        let a = Destination.inbox("a")
        for _ in 0..<Backlog.maximumCount { backlog.add(message(), to: a, now: 0) }
        #expect(backlog.isFull)
        _ = offer(now: 0)
        #expect(!backlog.isFull)
        backlog.add(message(payload: Array(repeating: 0, count: Backlog.maximumBytes)), to: a, now: 0)
        #expect(backlog.isFull)
        _ = offer(now: 0)
        #expect(!backlog.isFull)
    }
}

private func == (
    left: (sent: [UInt64], dropped: [Destination]), right: (sent: [UInt64], dropped: [Destination])
) -> Bool { left.sent == right.sent && left.dropped == right.dropped }
