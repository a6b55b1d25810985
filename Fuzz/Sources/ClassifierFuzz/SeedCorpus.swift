import Foundation

/// The inputs that others are made from.
enum SeedCorpus {
    static func read(_ folder: URL) -> [[UInt8]] {
        guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return [] }
        var seeds: [[UInt8]] = []
        for case let file as URL in files {
            guard let data = try? Data(contentsOf: file) else { continue }
            guard file.pathExtension == "txt" else {
                seeds.append(Array(data))
                continue
            }
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
                guard let mark = line.range(of: ":: ") else { continue }
                seeds.append(Array(line[mark.upperBound...].utf8))
            }
        }
        // Folders are listed in any order; the same seed must make the same inputs.
        return seeds.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
