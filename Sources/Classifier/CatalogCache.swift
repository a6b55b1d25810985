import Bus
import Contract
import Foundation
import SwiftProtobuf

/// The last few catalogues, parsed: the statements of one client mostly come with the same one.
struct CatalogCache {
    static let capacity = 8

    /// The one used last comes first.
    private var entries: [(bytes: Data, catalog: Catalog)] = []

    /// The catalogue in `bytes`, nil when they are empty. Throws when they are none.
    mutating func catalog(_ bytes: Data) throws(BusError) -> Catalog? {
        guard !bytes.isEmpty else { return nil }
        if let index = entries.firstIndex(where: { $0.bytes == bytes }) {
            let entry = entries.remove(at: index)
            entries.insert(entry, at: 0)
            return entry.catalog
        }
        let catalog: Catalog
        do {
            catalog = try Catalog(serializedBytes: bytes)
        } catch {
            throw BusError(.malformed, "the target's catalogue cannot be read")
        }
        if entries.count == Self.capacity { entries.removeLast() }
        entries.insert((bytes, catalog), at: 0)
        return catalog
    }
}
