import Dispatch
import Foundation
import GRDB
import Synchronization

/// Looks a long index through in slices side by side, each on a connection of its own: SQLite uses one processor for a query.
struct WordSlices: Sendable {
    /// What one slice has of the commands that are asked for.
    struct Slice: Sendable {
        let range: ClosedRange<Int64>
        /// The last ones, the last first.
        var ids: [Int64] = []
        /// What was not looked at.
        var left: ClosedRange<Int64>?
    }

    /// The index.
    var path: String
    /// Slices at a time.
    var count = min(ProcessInfo.processInfo.activeProcessorCount, 4)
    /// Fewest commands that are worth a slice.
    var smallest: Int64 = 1 << 18

    func isWorth(_ range: ClosedRange<Int64>) -> Bool { count > 1 && range.count >= 2 * smallest }

    /// Slices of a range, the last first.
    ///
    /// - Parameter text: ``SearchExpression/stoppingAtEdges``.
    /// - Parameter generation: of the index that the range is of. One that was emptied meanwhile is not looked at.
    /// - Parameter limit: commands of one slice.
    func find(
        _ text: String, _ range: ClosedRange<Int64>, _ generation: String?, atMost limit: Int
    ) throws(RecordingError) -> [Slice] {
        let size = max(smallest, (Int64(range.count) + Int64(count) - 1) / Int64(count))
        let slices = stride(from: range.upperBound, through: range.lowerBound, by: -Int(size)).map { last in
            Slice(range: max(range.lowerBound, last - size + 1)...last)
        }
        let state = Mutex((slices: slices, problem: RecordingError?.none))
        DispatchQueue.concurrentPerform(iterations: slices.count) { number in
            do throws(RecordingError) {
                let found = try find(text, slices[number].range, generation, limit)
                state.withLock { $0.slices[number] = found }
            } catch {
                state.withLock { $0.problem = $0.problem ?? error }
            }
        }
        let (found, problem) = state.withLock { $0 }
        if let problem { throw problem }
        return found
    }

    private func find(
        _ text: String, _ range: ClosedRange<Int64>, _ generation: String?, _ limit: Int
    ) throws(RecordingError) -> Slice {
        let database = try SearchIndex.open(path)
        return try SearchIndex.wrapped(path) {
            try database.read { database in
                var slice = Slice(range: range, left: range)
                guard try SearchIndex.generation(database) == generation else { return slice }
                slice.ids = try Int64.fetchAll(
                    database,
                    sql: """
                        SELECT rowid FROM words
                        WHERE words MATCH ? AND rowid BETWEEN ? AND ? AND rowid & \(SearchIndex.edgeSpacing - 1) != 0
                        ORDER BY rowid DESC LIMIT ?
                        """,
                    arguments: [text, range.lowerBound, range.upperBound, limit])
                guard slice.ids.count >= limit, let last = slice.ids.last, last > range.lowerBound else {
                    slice.left = nil
                    return slice
                }
                slice.left = range.lowerBound...(last - 1)
                return slice
            }
        }
    }
}
