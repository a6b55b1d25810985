import Bus
import Configuration
import Contract
import Foundation
import Gateway
import NIOCore

/// What a resource's catalogue says of the names in a text: excerpts for the classifier, so that it can tell what an
/// unqualified name, a star or a view stands for.
///
/// One per event loop and resource. Names are asked for when a text first has them, with the resource's own credentials,
/// and asked again every ``lifetime``; a statement through Sluice that changes definitions drops all of them at once.
final class SchemaCatalog {
    /// How long an answer is used without asking again, nanoseconds.
    static let lifetime: UInt64 = 2_000_000_000
    /// How long it is used while the target does not answer.
    static let patience: UInt64 = 10_000_000_000
    /// Most names kept; with more, all are forgotten.
    static let maximumNames = 2000
    /// Most excerpts kept ready.
    static let maximumExcerpts = 1024
    /// Bytes of one excerpt at most.
    static let maximumBytes = 4 << 20
    /// Longest wait for an answer, nanoseconds.
    static let answerTimeout: UInt64 = 5_000_000_000
    /// Most texts waiting for one.
    static let maximumWaiting = 1000

    enum Failure: Error, Equatable {
        /// The target could not be asked.
        case unavailable
        /// The text names too much.
        case tooLarge
    }

    struct Excerpt: Equatable {
        /// A serialised `Catalog`.
        let bytes: [UInt8]
        /// The catalogue's ``version`` that it shows.
        let version: UInt64
    }

    /// Grows whenever an answer differs from what was known: what was decided by an earlier one may not hold.
    private(set) var version: UInt64 = 1
    private let ask: (SchemaQuestion, @escaping (SchemaAnswer?) -> Void) -> Void
    private let now: () -> UInt64
    /// How often definitions were changed through any event loop.
    private let definitions: () -> UInt64
    private var seenDefinitions: UInt64 = 0
    private var knowledge = SchemaAnswer()
    private var names: Set<String> = []
    private var askedAt: UInt64 = 0
    private var isAsking = false
    /// The last question failed: the next one is about the first text alone, so that one which cannot be answered holds up no other.
    private var isOneByOne = false
    private var waiting = CircularBuffer<Waiting>()
    private var ready: [ExcerptKey: [UInt8]] = [:]

    typealias Handler = (Result<Excerpt, Failure>) -> Void

    private struct Waiting {
        let names: Set<String>
        let pathKnown: Bool
        let deadline: UInt64
        let handler: Handler
    }

    private struct ExcerptKey: Hashable {
        let names: Set<String>
        let pathKnown: Bool
    }

    init(
        now: @escaping () -> UInt64 = { monotonicNanoseconds() }, definitions: @escaping () -> UInt64 = { 0 },
        ask: @escaping (SchemaQuestion, @escaping (SchemaAnswer?) -> Void) -> Void
    ) {
        self.now = now
        self.definitions = definitions
        self.ask = ask
        seenDefinitions = definitions()
    }

    /// Whether there are relations of that name; of names that were asked for.
    func isNamed(_ name: String) -> Bool { knowledge.isNamed(name) }

    /// The excerpt for a text with these names, at once when they are known. `pathKnown`: the session's search path is the
    /// one that the resource's role begins with.
    func excerpt(of names: Set<String>, pathKnown: Bool, _ handler: @escaping Handler) {
        followDefinitions()
        let age = now() - askedAt
        guard names.isSubset(of: self.names), age < Self.patience else {
            guard waiting.count < Self.maximumWaiting else { return handler(.failure(.unavailable)) }
            let deadline = now() + Self.answerTimeout
            waiting.append(Waiting(names: names, pathKnown: pathKnown, deadline: deadline, handler: handler))
            return next()
        }
        handler(excerpt(of: names, pathKnown: pathKnown))
        if age >= Self.lifetime { next() }
    }

    /// Called for each command that needs no excerpt, so that what is remembered does not outlive the catalogue.
    func keepFresh() {
        followDefinitions()
        guard !names.isEmpty else { return }
        let age = now() - askedAt
        if age >= Self.lifetime { next() }
        if age >= Self.patience { forget() }
    }

    private func followDefinitions() {
        let definitions = definitions()
        guard definitions != seenDefinitions else { return }
        seenDefinitions = definitions
        forget()
    }

    /// Forgets everything: definitions may have changed.
    private func forget() {
        guard !names.isEmpty || isAsking else { return }
        version += 1
        names = []
        knowledge = SchemaAnswer()
        ready = [:]
    }

    private func excerpt(of names: Set<String>, pathKnown: Bool) -> Result<Excerpt, Failure> {
        let key = ExcerptKey(names: names.filter { knowledge.concerns($0) }, pathKnown: pathKnown)
        if let bytes = ready[key] { return .success(Excerpt(bytes: bytes, version: version)) }
        guard let bytes = knowledge.excerpt(naming: key.names, pathKnown: pathKnown, limit: Self.maximumBytes) else {
            return .failure(.tooLarge)
        }
        if ready.count >= Self.maximumExcerpts { ready = [:] }
        ready[key] = bytes
        return .success(Excerpt(bytes: bytes, version: version))
    }

    /// Asks for the names that are waited for, and for all that are known when these are due: one question at a time.
    private func next() {
        guard !isAsking else { return }
        while let first = waiting.first, first.deadline <= now() {
            waiting.removeFirst()
            first.handler(.failure(.unavailable))
            guard !isAsking else { return }
        }
        let isDue = now() - askedAt >= Self.lifetime
        var wanted: Set<String>
        if isOneByOne, let first = waiting.first {
            wanted = first.names
        } else {
            wanted = waiting.reduce(into: Set<String>()) { $0.formUnion($1.names) }
        }
        let isWhole: Bool
        if names.isEmpty || names.count + wanted.subtracting(names).count > Self.maximumNames {
            isWhole = true
        } else if !isDue {
            isWhole = false
            wanted.subtract(names)
        } else {
            isWhole = true
            if !(isOneByOne && !waiting.isEmpty) { wanted.formUnion(names) }
        }
        isAsking = true
        let version = self.version
        ask(SchemaQuestion(names: wanted)) { [weak self] answer in
            guard let self else { return }
            self.isAsking = false
            self.take(answer, about: wanted, isWhole: isWhole, asOf: version)
        }
    }

    /// - Parameter isWhole: the answer replaces what was known; otherwise it is about further names.
    private func take(_ answer: SchemaAnswer?, about wanted: Set<String>, isWhole: Bool, asOf version: UInt64) {
        // Definitions changed while the target was asked: its answer may be the former state.
        guard version == self.version else { return waiting.isEmpty ? () : next() }
        guard let answer else {
            if isOneByOne, let first = waiting.popFirst() { first.handler(.failure(.unavailable)) }
            isOneByOne = true
            return waiting.isEmpty ? () : next()
        }
        isOneByOne = false
        if !isWhole, knowledge.agrees(with: answer, about: names) {
            knowledge.add(answer)
            names.formUnion(wanted)
        } else {
            if !names.isEmpty, !isWhole || !names.isSubset(of: wanted) || answer.differs(from: knowledge, about: names)
            {
                self.version += 1
            }
            names = wanted
            knowledge = answer
            askedAt = now()
            ready = [:]
        }
        let waiting = self.waiting
        // Those that came while the target was asked may name more.
        self.waiting = waiting.filter { !$0.names.isSubset(of: names) }
        for one in waiting where one.names.isSubset(of: names) {
            one.handler(excerpt(of: one.names, pathKnown: one.pathKnown))
        }
        if !self.waiting.isEmpty { next() }
    }
}
