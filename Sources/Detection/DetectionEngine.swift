import CHyperscan

/// Where a trigger of some detector ends.
public struct Candidate: Sendable {
    /// Byte offset just after the trigger.
    public let end: UInt32
    /// The engine's number of the trigger.
    let trigger: UInt32
}

/// Finds entities in bytes: one pass of the pattern matcher proposes candidates, code verifies each.
///
/// Patterns are compiled once, in `init`. An engine owns scratch areas, so it serves one thread at a time.
/// Bytes need not be valid UTF-8.
public final class DetectionEngine {
    /// More triggers than this in one scan is an error: it bounds the candidate list at 128 MiB.
    public static let maximumCandidates = 16 << 20
    /// Longer texts are scanned piece by piece, so that neither the matcher's nor the list's bound is met.
    static let maximumPiece = 4 << 20

    public let entities: [Entity]
    let matcher: Matcher
    let program: DetectionProgram
    let custom: CustomMatcher?
    private var own: [Candidate] = []

    /// - Parameters:
    ///   - custom: detectors of the installation's own; each is looked for besides `entities`.
    ///   - dictionaries: lists of words to find, likewise.
    /// - Throws: ``DetectionError`` when the patterns cannot be compiled, or a custom detector breaks a bound.
    public init(entities: [Entity], custom: [CustomDetector] = [], dictionaries: [CustomDictionary] = [])
        throws(DetectionError)
    {
        try CustomDetector.check(custom, dictionaries)
        let names = CustomEntities(custom, dictionaries)
        self.entities = entities + names.entities
        program = DetectionProgram(entities: entities, dictionaries: dictionaries, names: names)
        guard !program.patterns.isEmpty || !program.shapes.isEmpty || !custom.isEmpty else {
            throw DetectionError(code: .compile, message: "no entity to detect")
        }
        matcher = try Matcher(program.patterns, startsToo: false)
        self.custom = try custom.isEmpty ? nil : CustomMatcher(custom, names)
    }

    /// Bytes that the compiled patterns and their scratch areas take up.
    public var byteCount: Int { matcher.byteCount + (custom?.byteCount ?? 0) }

    /// What policies and findings call an entity of this engine, those of custom detectors included.
    public func name(of entity: Entity) -> String {
        program.names.name(of: entity)
    }

    /// What a column's name says to the detectors of this engine; empty when it says nothing that matters to them.
    public func context(column name: String) -> FieldContext {
        let words = FieldContext.words(name)
        var context = FieldContext(words: words).intersection(program.topics)
        if let custom { context.add(custom: custom.columns.meanings(of: words).anywhere) }
        return context
    }

    /// What a column of that name holds, if its name tells the truth: entities of this engine whose own name it is, or of
    /// which its words speak.
    public func entities(column name: String) -> [Entity] {
        let context = context(column: name)
        let words = " " + FieldContext.words(name).joined(separator: " ") + " "
        return entities.filter { entity in
            let own = self.name(of: entity).replacing("_", with: " ")
            return words.contains(" \(own) ")
                || program.columns.contains { $0.entity == entity && context.contains($0.topic) }
        }
    }

    /// Every value must be handed to ``verify(_:in:scope:context:into:)``, whether it has candidates or not: patterns of
    /// custom detectors may say where a value starts or ends, so that they run on each value by itself.
    public var looksAtEveryValue: Bool { custom != nil }

    /// Appends every candidate in `bytes`, in ascending order of `end`.
    /// - Throws: ``DetectionError`` when the buffer is longer than 2³¹−1 bytes or holds too many candidates.
    public func appendCandidates(in bytes: UnsafeRawBufferPointer, to candidates: inout [Candidate])
        throws(DetectionError)
    {
        guard bytes.count <= Int32.max else {
            throw DetectionError(code: .tooLong, message: "too many bytes for one scan")
        }
        try scan(bytes, into: &candidates)
    }

    private func scan(_ bytes: UnsafeRawBufferPointer, into candidates: inout [Candidate]) throws(DetectionError) {
        let first = candidates.count
        try matcher.scan(bytes, into: &candidates)
        let second = candidates.count
        try program.shapes.scan(bytes, into: &candidates)
        // Rows of ascending ends, which this merges.
        if candidates.count > second { candidates[first...].sort { $0.end < $1.end } }
    }

    /// Appends the findings in `bytes`, of any length: ascending, not overlapping (see `resolveOverlaps`).
    ///
    /// - Parameters:
    ///   - context: what the name of the column or key that holds the value says; see ``context(column:)``.
    ///   - overlapping: each as it was found, in no order, some perhaps more than once.
    /// - Throws: ``DetectionError`` when the matcher fails: nothing is known of `bytes` then, and nothing was appended.
    public func findings(
        in bytes: UnsafeRawBufferPointer, context: FieldContext = .none, overlapping: Bool = false,
        into findings: inout [Finding]
    ) throws(DetectionError) {
        own.removeAll(keepingCapacity: true)
        let first = findings.count
        do throws(DetectionError) {
            var verification = Verification(self, bytes, 0..<bytes.count)
            var start = 0
            repeat {
                // Pieces overlap by the longest trigger, so that none is cut in two.
                let from = max(0, start - DetectionProgram.maximumTriggerBytes)
                let end = min(bytes.count, start + DetectionEngine.maximumPiece)
                own.removeAll(keepingCapacity: true)
                try scan(UnsafeRawBufferPointer(rebasing: bytes[from..<end]), into: &own)
                for candidate in own where from + Int(candidate.end) > start {
                    verification.check(candidate, end: from + Int(candidate.end), into: &findings)
                }
                start = end
            } while start < bytes.count
            try verification.finish(context: context, into: &findings)
            if !overlapping { findings.resolveOverlaps(from: first) }
        } catch {
            findings.removeSubrange(first...)
            throw error
        }
    }

    /// Appends the findings of one value, `scope` of `bytes`, from the candidates that end inside it.
    ///
    /// Offsets of candidates and findings count from the start of `bytes`; nothing outside `scope` is looked at.
    /// - Throws: ``DetectionError`` as ``findings(in:context:into:)`` does.
    public func verify(
        _ candidates: ArraySlice<Candidate>, in bytes: UnsafeRawBufferPointer, scope range: Range<Int>,
        context: FieldContext = .none,
        into findings: inout [Finding]
    ) throws(DetectionError) {
        let first = findings.count
        var verification = Verification(self, bytes, range)
        for candidate in candidates { verification.check(candidate, end: Int(candidate.end), into: &findings) }
        do throws(DetectionError) {
            try verification.finish(context: context, into: &findings)
            findings.resolveOverlaps(from: first)
        } catch {
            findings.removeSubrange(first...)
            throw error
        }
    }
}
