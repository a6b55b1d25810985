import Archive
import Configuration
import Foundation
import Recording

/// Gives orders and waits until recorders have carried them out.
enum RemovalOrders {
    /// Seconds.
    private static let patience = 15.0
    private static let interval = 0.1
    /// For a pass over the words of an index of ten million commands and more.
    private static let wordsPatience = 600.0

    static func carryOut(
        _ orders: [(directory: String, order: RemovalOrder)], _ index: RecordingIndex, _ configuration: Configuration
    ) throws {
        let key = try RecordingKey.load(configuration.state.recordingKey)
        for (directory, order) in orders { try order.give(to: directory, key: key) }
        var waiting = orders
        let end = Date(timeIntervalSinceNow: patience)
        while !waiting.isEmpty {
            for (directory, order) in waiting {
                if case .refused(let reason) = try order.state(in: directory) {
                    throw CommandFailure("\(directory): segments \(order.segments) stay: \(reason)")
                }
            }
            waiting = try waiting.filter { try $0.order.state(in: $0.directory) == .waiting }
            guard Date() < end else {
                throw CommandFailure(
                    "the recorder of \(waiting.map(\.directory).joined(separator: ", ")) does not answer: it does what was "
                        + "ordered when it runs again")
            }
            if !waiting.isEmpty { Thread.sleep(forTimeInterval: interval) }
        }
        for (directory, order) in orders where order.kind == .remove {
            try index.forget(order.segments, of: URL(filePath: directory).lastPathComponent)
        }
        if let copies = try ArchivedCopies(configuration) {
            for (directory, order) in orders { try copies.carryOut(order, in: directory) }
        }
        if !orders.isEmpty { try forgetWords(index.recordings) }
    }

    /// Their words go from the search index that recorders keep: by the recorder that keeps it when one does.
    private static func forgetWords(_ recordings: String) throws {
        let path = recordings + "/" + SearchIndex.fileName
        guard FileManager.default.fileExists(atPath: path) else { return }
        let end = Date(timeIntervalSinceNow: wordsPatience)
        repeat {
            if try areWordsForgotten(path, recordings) { return }
            Thread.sleep(forTimeInterval: interval)
        } while Date() < end
        throw CommandFailure(
            "the segments are gone, and some of their words still in \(path): the recorder that keeps it takes them out when it "
                + "runs again, or `sluice sessions reindex` makes it anew")
    }

    private static func areWordsForgotten(_ path: String, _ recordings: String) throws -> Bool {
        let index: SearchIndex
        do throws(RecordingError) {
            index = try SearchIndex(writing: path, of: recordings, SearchIndex.content(of: path, recordings))
        } catch {
            guard error.code == .locked else { throw error }
            return try !SearchIndex(reading: path, of: recordings).hasRemoved()
        }
        return try index.forgetRemoved()
    }
}

extension SearchIndex {
    /// What the index at `path` holds. One of another version does not say.
    static func content(of path: String, _ recordings: String) throws(RecordingError) -> Content {
        do throws(RecordingError) {
            return try SearchIndex(reading: path, of: recordings).content()
        } catch {
            guard error.code == .notFound else { throw error }
            return .commands
        }
    }
}
