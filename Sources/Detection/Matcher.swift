import CHyperscan
import Glibc

/// A compiled set of patterns and the scratch area to run it. Serves one thread at a time.
final class Matcher {
    struct Pattern: Hashable, Sendable {
        let expression: String
        let flags: UInt32
    }

    /// A match of a pattern whose start is known.
    struct Match {
        let pattern: UInt32
        let range: Range<Int>
    }

    /// Matches of one scan.
    private struct Matches {
        var list: [Match]
        /// By pattern: the place of its last match, or -1.
        var latest: [Int]

        /// False when there are too many.
        mutating func add(_ match: Match) -> Bool {
            let last = latest[Int(match.pattern)]
            if last >= 0, list[last].range.lowerBound == match.range.lowerBound {
                list[last] = match
                return true
            }
            guard list.count < Matcher.maximumMatches else { return false }
            latest[Int(match.pattern)] = list.count
            list.append(match)
            return true
        }
    }

    /// More whole matches than this in one scan are an error: it bounds their list at 24 MiB.
    static let maximumMatches = 1 << 20

    private let patterns: Int
    /// Nil when there is no pattern.
    private var database: OpaquePointer?
    private var scratch: OpaquePointer?

    /// - Parameter startsToo: matches tell where they start; that is slower.
    init(_ patterns: [Pattern], startsToo: Bool) throws(DetectionError) {
        self.patterns = patterns.count
        guard !patterns.isEmpty else { return }
        if let problem = MatcherCheck.problem { throw DetectionError(code: .compile, message: problem) }
        let copies = patterns.map { strdup($0.expression) }
        defer { for copy in copies { free(copy) } }
        let pointers: [UnsafePointer<CChar>?] = copies.map { $0.map { UnsafePointer($0) } }
        let flags = patterns.map { $0.flags | UInt32(startsToo ? HS_FLAG_SOM_LEFTMOST : 0) }
        let ids = Array(0..<UInt32(patterns.count))
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        let code = hs_compile_multi(
            pointers, flags, ids, UInt32(patterns.count), UInt32(HS_MODE_BLOCK), nil, &database, &failure)
        guard code == HS_SUCCESS, database != nil else {
            let reason = failure?.pointee.message.map { String(cString: $0) } ?? "unknown"
            hs_free_compile_error(failure)
            throw DetectionError(code: .compile, message: "the pattern matcher refused its patterns: \(reason)")
        }
        guard hs_alloc_scratch(database, &scratch) == HS_SUCCESS, scratch != nil else {
            throw DetectionError(code: .compile, message: "the pattern matcher has no memory for its scratch area")
        }
    }

    deinit {
        hs_free_scratch(scratch)
        hs_free_database(database)
    }

    /// Bytes that the patterns and the scratch area take up.
    var byteCount: Int {
        var compiled = 0
        var working = 0
        guard let database, hs_database_size(database, &compiled) == HS_SUCCESS,
            hs_scratch_size(scratch, &working) == HS_SUCCESS
        else { return 0 }
        return compiled + working
    }

    /// Whether the pattern, if it is one, matches where nothing is.
    static func matchesEmptyText(_ pattern: Pattern) -> Bool {
        var info: UnsafeMutablePointer<hs_expr_info_t>?
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        let code = hs_expression_info(pattern.expression, pattern.flags, &info, &failure)
        // Allocated by hs_set_misc_allocator's allocator, malloc by default.
        defer { free(info) }
        hs_free_compile_error(failure)
        return code == HS_SUCCESS && info?.pointee.min_width == 0
    }

    /// Appends where triggers end.
    func scan(_ bytes: UnsafeRawBufferPointer, into candidates: inout [Candidate]) throws(DetectionError) {
        guard let database, let base = bytes.baseAddress, !bytes.isEmpty else { return }
        let code = withUnsafeMutablePointer(to: &candidates) { list in
            hs_scan(
                database, base.assumingMemoryBound(to: CChar.self), UInt32(bytes.count), 0, scratch,
                { id, _, end, _, context in
                    let list = context!.assumingMemoryBound(to: [Candidate].self)
                    guard list.pointee.count < DetectionEngine.maximumCandidates else { return 1 }
                    list.pointee.append(Candidate(end: UInt32(truncatingIfNeeded: end), trigger: id))
                    return 0
                }, list)
        }
        try Matcher.check(code)
    }

    /// Whole matches, in place of what `matches` holds. Of those of one pattern from one start the longest is kept, however
    /// many of other patterns come between.
    func scan(_ bytes: UnsafeRawBufferPointer, into matches: inout [Match]) throws(DetectionError) {
        matches.removeAll(keepingCapacity: true)
        guard let database, let base = bytes.baseAddress, !bytes.isEmpty else { return }
        guard bytes.count <= Int32.max else {
            throw DetectionError(code: .tooLong, message: "too many bytes for one scan")
        }
        var found = Matches(list: [], latest: Array(repeating: -1, count: patterns))
        swap(&found.list, &matches)
        defer { swap(&found.list, &matches) }
        let code = withUnsafeMutablePointer(to: &found) { found in
            hs_scan(
                database, base.assumingMemoryBound(to: CChar.self), UInt32(bytes.count), 0, scratch,
                { id, start, end, _, context in
                    let range = Int(truncatingIfNeeded: start)..<Int(truncatingIfNeeded: end)
                    let found = context!.assumingMemoryBound(to: Matches.self)
                    return found.pointee.add(Match(pattern: id, range: range)) ? 0 : 1
                }, found)
        }
        try Matcher.check(code)
    }

    private static func check(_ code: hs_error_t) throws(DetectionError) {
        if code == HS_SCAN_TERMINATED {
            throw DetectionError(code: .tooManyCandidates, message: "too many candidates in one scan")
        }
        guard code == HS_SUCCESS else {
            throw DetectionError(code: .scan, message: "the pattern matcher failed (code \(code))")
        }
    }
}
