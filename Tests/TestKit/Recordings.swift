import Foundation

/// The files of one installation's recordings, to look at and to damage.
public struct Recordings: Sendable {
    /// Absolute paths of the segments, in order.
    public let segments: [String]

    public init(in directory: TemporaryDirectory) {
        let root = directory.file("state/recordings")
        let names = (FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? [])
            .filter { $0.hasSuffix(".slseg") }
        segments = names.sorted().map { root + "/" + $0 }
    }

    /// Places of the blocks in a segment: each begins with its magic.
    public static func blocks(in segment: Data) -> [Int] {
        var places: [Int] = []
        var from = segment.startIndex
        while let found = segment.range(of: Data("SLBLOCK2".utf8), in: from..<segment.endIndex) {
            places.append(found.lowerBound)
            from = found.upperBound
        }
        return places
    }
}

/// One damage to a file, undone afterwards.
public func damaging(
    _ path: String, _ change: (inout Data) -> Void, _ check: () async throws -> Void
) async throws {
    let url = URL(filePath: path)
    let whole = try Data(contentsOf: url)
    var damaged = whole
    change(&damaged)
    try damaged.write(to: url)
    do {
        try await check()
    } catch {
        try whole.write(to: url)
        throw error
    }
    try whole.write(to: url)
}
