import Foundation
import Recording

/// A clock that is wrong by years must not remove everything by itself: the time of the last look is kept in the file `.retention-clock` of
/// the folder of recordings, and one that is far later waits for a person.
public struct RetentionClock {
    private static let fileName = ".retention-clock"
    /// Longest time between two looks, seconds: 32 days.
    static let longestPause: TimeInterval = 32 * 86_400
    /// Bytes of the file.
    private static let maxBytes = 32

    private let path: String

    /// - Parameter recordings: the folder of recordings.
    public init(_ recordings: String) { path = recordings + "/" + Self.fileName }

    /// - Throws: when `now` is more than 32 days after the last look.
    public func check(_ now: Date) throws {
        guard let last = try last() else { return }
        let pause = now.timeIntervalSince1970 - last
        guard pause <= Self.longestPause else {
            throw RetentionProblem(
                "nothing is removed: by the clock the last look was \(Int(pause / 86_400)) days ago. If the clock is right, give "
                    + "`sluice sessions expire` once; if not, set it, and remove \(path) if that has a time to come")
        }
    }

    /// Keeps when the look was.
    public func note(_ now: Date) throws {
        try Data("\(Int(now.timeIntervalSince1970))\n".utf8).write(to: URL(filePath: path), options: .atomic)
    }

    private func last() throws -> TimeInterval? {
        guard let bytes = try RecordingArchive.smallFile(path, limit: Self.maxBytes) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let seconds = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw RetentionProblem("nothing is removed: \(path) has no time: remove it if the clock is right")
        }
        return TimeInterval(seconds)
    }
}
