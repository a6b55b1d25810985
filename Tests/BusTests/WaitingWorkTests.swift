@testable import Bus
import Contract
import Testing

@Suite("Work that waits")
struct WaitingWorkTests {
    private var work = WaitingWork()

    private func sequences(_ messages: [BusMessage]) -> [UInt64] { messages.map(\.header.sequence) }

    @Test mutating func comesInOrderInPieces() {
        for sequence in UInt64(1)...5 { #expect(work.add(message(sequence: sequence)) == true) }
        #expect(sequences(work.take(2) { _ in false }) == [1, 2])
        #expect(work.count == 3)
        #expect(sequences(work.take(9) { _ in false }) == [3, 4, 5])
        #expect(work.isEmpty)
    }

    @Test mutating func whatIsHeldUpStaysAndKeepsItsPlace() {
        for sequence in UInt64(1)...6 { _ = work.add(message(sequence: sequence)) }
        #expect(sequences(work.take(2) { $0.header.sequence % 2 == 1 }) == [2, 4])
        #expect(sequences(work.take(9) { $0.header.sequence < 6 }) == [6])
        #expect(sequences(work.take(9) { _ in false }) == [1, 3, 5])
    }

    @Test mutating func whatIsSentAgainTakesThePlaceOfTheFirst() {
        var again = message(sequence: 1, payload: [1, 2])
        again.header.attempt = 1
        for sequence in UInt64(1)...2 { _ = work.add(message(sequence: sequence, payload: [0])) }
        #expect(work.add(again) == false)
        var taken = work.take(9) { _ in false }
        #expect(sequences(taken) == [1, 2])
        #expect(taken[0].payload == [1, 2] && taken[0].header.attempt == 1)
        // Once it has been taken it is another one; a batch of records always is.
        #expect(work.add(again) == true)
        var records = message(.record, sequence: 7)
        records.header.lane = .audit
        records.header.attempt = 1
        #expect([work.add(records), work.add(records)] == [true, true])
        taken = work.take(9) { _ in false }
        #expect(sequences(taken) == [1, 7, 7])
    }

    @Test mutating func isFullByCountAndByBytes() {
        for sequence in 0..<WaitingWork.maximumCount {
            #expect(!work.isFull)
            _ = work.add(message(sequence: UInt64(sequence)))
        }
        #expect(work.isFull)
        _ = work.take(1) { _ in false }
        #expect(!work.isFull)
        _ = work.take(.max) { _ in false }
        let large = message(payload: Array(repeating: 0, count: WaitingWork.maximumBytes))
        _ = work.add(large)
        #expect(work.isFull)
        var again = message(payload: [0])
        again.header.attempt = 1
        #expect(work.add(again) == false)
        #expect(!work.isFull)
        _ = work.take(1) { _ in false }
        _ = work.add(message(payload: Array(repeating: 0, count: WaitingWork.maximumBytes - 1)))
        #expect(!work.isFull)
    }

    @Test func thePaceFollowsWhatMessagesTake() {
        var pace = Pace()
        #expect(pace.size == 1)
        for _ in 0..<10 { pace.took(1000) }
        #expect(pace.size == StageRunner.batchLimit)
        pace.took(Pace.limit + 1)
        #expect(pace.size == StageRunner.batchLimit / 2)
        for _ in 0..<10 { pace.took(.max) }
        #expect(pace.size == 1)
    }
}
