import CVectorscan
import Glibc

/// Where a trigger of some detector ends.
public struct Candidate: Sendable {
    /// Byte offset just after the trigger.
    public let end: UInt32
    let trigger: UInt16
}

/// Finds entities in bytes: one pass of the pattern matcher proposes candidates, code verifies each.
///
/// Patterns are compiled once, in `init`. An engine owns one scratch area, so it serves one thread at a time.
/// Bytes need not be valid UTF-8.
public final class DetectionEngine {
    /// More triggers than this in one scan is an error: it bounds the candidate list at 128 MiB.
    public static let maximumCandidates = 16 << 20

    public let entities: [Entity]
    private let database: OpaquePointer
    private var scratch: OpaquePointer
    private let triggers: [CompiledTrigger]
    let findsCards: Bool
    let findsSocialSecurityNumbers: Bool
    private var own: [Candidate] = []

    private struct CompiledTrigger {
        let entity: Entity
        let check: Detector.Check
        let length: Int
    }

    /// - Throws: ``DetectionError`` when the patterns cannot be compiled (out of memory, unsupported processor).
    public init(entities: [Entity]) throws(DetectionError) {
        var expressions: [String] = []
        var flags: [UInt32] = []
        var compiled: [CompiledTrigger] = []
        for detector in Detector.all where entities.contains(detector.entity) {
            for trigger in detector.triggers {
                expressions.append(trigger.expression)
                flags.append(trigger.flags)
                compiled.append(CompiledTrigger(entity: detector.entity, check: detector.check, length: trigger.length))
            }
        }
        self.entities = entities
        triggers = compiled
        findsCards = entities.contains(.creditCard)
        findsSocialSecurityNumbers = entities.contains(.usSSN)
        database = try DetectionEngine.compile(expressions, flags)
        var area: OpaquePointer?
        guard hs_alloc_scratch(database, &area) == HS_SUCCESS, let area else {
            hs_free_database(database)
            throw DetectionError(code: .compile, message: "the pattern matcher has no memory for its scratch area")
        }
        scratch = area
    }

    deinit {
        hs_free_scratch(scratch)
        hs_free_database(database)
    }

    private static func compile(_ expressions: [String], _ flags: [UInt32]) throws(DetectionError) -> OpaquePointer {
        guard !expressions.isEmpty else { throw DetectionError(code: .compile, message: "no entity to detect") }
        let copies = expressions.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers: [UnsafePointer<CChar>?] = copies.map { $0.map { UnsafePointer($0) } }
        let ids = Array(0..<UInt32(expressions.count))
        var database: OpaquePointer?
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        let code = hs_compile_multi(
            pointers, flags, ids, UInt32(expressions.count), UInt32(HS_MODE_BLOCK), nil, &database, &failure)
        guard code == HS_SUCCESS, let database else {
            let reason = failure?.pointee.message.map { String(cString: $0) } ?? "unknown"
            hs_free_compile_error(failure)
            throw DetectionError(code: .compile, message: "the pattern matcher refused its patterns: \(reason)")
        }
        return database
    }

    /// Appends every candidate in `bytes`, in ascending order of `end`.
    /// - Throws: ``DetectionError`` when the buffer is longer than 2³¹−1 bytes or holds too many candidates.
    public func appendCandidates(in bytes: UnsafeRawBufferPointer, to candidates: inout [Candidate])
        throws(DetectionError)
    {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        guard bytes.count <= Int32.max else {
            throw DetectionError(code: .tooLong, message: "too many bytes for one scan")
        }
        let code = withUnsafeMutablePointer(to: &candidates) { list in
            hs_scan(
                database, base.assumingMemoryBound(to: CChar.self), UInt32(bytes.count), 0, scratch,
                { id, _, end, _, context in
                    let list = context!.assumingMemoryBound(to: [Candidate].self)
                    guard list.pointee.count < DetectionEngine.maximumCandidates else { return 1 }
                    list.pointee.append(
                        Candidate(end: UInt32(truncatingIfNeeded: end), trigger: UInt16(truncatingIfNeeded: id)))
                    return 0
                }, list)
        }
        if code == HS_SCAN_TERMINATED {
            throw DetectionError(code: .tooManyCandidates, message: "too many candidates in one scan")
        }
        guard code == HS_SUCCESS else {
            throw DetectionError(code: .scan, message: "the pattern matcher failed (code \(code))")
        }
    }

    /// Appends the findings in `bytes`: ascending, not overlapping, the longest of overlapping ones.
    ///
    /// When the matcher fails the whole of `bytes` is one finding, so that nothing passes unseen.
    /// - Parameter nearSocialSecurity: the value's context (its column's name) says that 9 bare digits are an SSN.
    public func findings(
        in bytes: UnsafeRawBufferPointer, nearSocialSecurity: Bool = false, into findings: inout [Finding]
    ) {
        own.removeAll(keepingCapacity: true)
        do throws(DetectionError) {
            try appendCandidates(in: bytes, to: &own)
        } catch {
            findings.append(Finding(entity: entities[0], range: 0..<bytes.count))
            return
        }
        verify(own[...], in: bytes, scope: 0..<bytes.count, nearSocialSecurity: nearSocialSecurity, into: &findings)
    }

    /// Appends the findings of one value, `scope` of `bytes`, from the candidates that end inside it.
    ///
    /// Offsets of candidates and findings count from the start of `bytes`; nothing outside `scope` is looked at.
    public func verify(
        _ candidates: ArraySlice<Candidate>, in bytes: UnsafeRawBufferPointer, scope range: Range<Int>,
        nearSocialSecurity: Bool = false,
        into findings: inout [Finding]
    ) {
        let first = findings.count
        let scope = Scope(bytes: bytes, lower: range.lowerBound, upper: range.upperBound)
        var cardsScanned = range.lowerBound
        var tokensScanned = range.lowerBound
        var keysScanned = range.lowerBound
        var valuesScanned = range.lowerBound
        for candidate in candidates {
            let end = Int(candidate.end)
            let trigger = triggers[Int(candidate.trigger)]
            let span = end - trigger.length..<end
            guard span.lowerBound >= range.lowerBound, end <= range.upperBound else { continue }
            var match: Range<Int>?
            switch trigger.check {
            case .email: match = scope.email(at: span.lowerBound)
            case .paymentCard:
                guard end > cardsScanned else { continue }
                cardsScanned = scope.cards(end: end) { findings.append(Finding(entity: .creditCard, range: $0)) }
            case .dashedSocialSecurityNumber: match = scope.dashedSocialSecurityNumber(end: end)
            case .socialSecurityWord:
                scope.socialSecurityNumbers(around: span) { findings.append(Finding(entity: .usSSN, range: $0)) }
            case .token(let rule): match = scope.token(prefix: span, rule: rule)
            case .jsonWebToken: match = scope.jsonWebToken(start: span.lowerBound, scanned: &tokensScanned)
            case .privateKey:
                guard span.lowerBound >= keysScanned else { continue }
                match = scope.privateKey(begin: span)
                keysScanned = match?.upperBound ?? keysScanned
            case .urlPassword: match = scope.urlPassword(separator: span)
            case .keyValue:
                guard span.lowerBound >= valuesScanned else { continue }
                match = scope.value(afterKey: span)
                valuesScanned = match?.upperBound ?? valuesScanned
            }
            if let match { findings.append(Finding(entity: trigger.entity, range: match)) }
        }
        if nearSocialSecurity, findsSocialSecurityNumbers {
            scope.bareSocialSecurityNumbers(in: range) { findings.append(Finding(entity: .usSSN, range: $0)) }
        }
        if findings.count > first + 1 { DetectionEngine.resolveOverlaps(&findings, from: first) }
    }

    /// Longest wins; of equally long ones the earlier, then the later entity of ``Entity/all``.
    private static func resolveOverlaps(_ findings: inout [Finding], from first: Int) {
        findings[first...].sort {
            ($0.range.lowerBound, -$0.range.count, -$0.entity.index) < (
                $1.range.lowerBound, -$1.range.count, -$1.entity.index
            )
        }
        var kept = first
        for index in (first + 1)..<findings.count {
            let next = findings[index]
            if next.range.lowerBound >= findings[kept].range.upperBound {
                kept += 1
                findings[kept] = next
            } else if next.range.count > findings[kept].range.count {
                findings[kept] = next
            }
        }
        if kept + 1 < findings.count { findings.removeSubrange((kept + 1)...) }
    }
}

extension Detector.Trigger {
    var expression: String {
        switch self {
        case .literal(let text), .anyCase(let text):
            text.utf8.map { $0.isAlphanumeric ? String(UnicodeScalar($0)) : "\\x" + hexadecimal($0) }.joined()
        case .expression(let expression): expression
        }
    }

    var flags: UInt32 {
        switch self {
        case .literal, .expression: UInt32(HS_FLAG_DOTALL)
        case .anyCase: UInt32(HS_FLAG_DOTALL | HS_FLAG_CASELESS)
        }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}
