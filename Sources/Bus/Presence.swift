/// Which replicas answer: a pure value, events in and answers out. The owner sends the pings and brings the pongs and
/// the time (monotonic nanoseconds).
///
/// A replica answers from its work loop, so a stuck one goes silent. One that never answered counts as live unless it
/// must know pings: the silence of a stage program that does not know them tells nothing.
struct Presence {
    /// How often a replica is pinged, nanoseconds.
    static let pingInterval: UInt64 = 250_000_000
    /// How often one that left ``patientPings`` unanswered is: what it has not read stays queued towards it.
    static let slowPingInterval: UInt64 = 1_000_000_000
    static let patientPings = 8
    /// Silence after which a replica is suspect, nanoseconds.
    static let silenceLimit: UInt64 = 1_000_000_000
    /// Most time that one tick adds to a silence, nanoseconds: a sender that stood still itself has not listened.
    static let longestStep: UInt64 = 100_000_000

    /// Whether a replica gets work.
    enum State: Sendable, Equatable {
        case live
        /// It knows pings and is silent.
        case suspect
        /// It finishes what it has.
        case draining
    }

    /// What the owner is to do, or to know. The number is the replica's.
    enum Answer: Equatable {
        case ping(UInt32)
        /// It fell silent.
        case suspected(UInt32)
        /// It answers again, or for the first time, or said that it drains.
        case changed(UInt32)
        /// Another process answers in its place: what the former one had is lost.
        case restarted(UInt32)
    }

    private struct Peer {
        var pingAt: UInt64?
        /// Pings since its last answer.
        var unanswered = 0
        /// Time since the first of them.
        var silence: UInt64 = 0
        /// Nil until it answered.
        var incarnation: UInt64?
        var mustAnswer = false
        var state = State.live
    }

    private var peers: [UInt32: Peer] = [:]
    private var tickedAt: UInt64?

    mutating func appeared(_ number: UInt32) { peers[number] = Peer() }

    /// It knows pings, whether it has answered one or not.
    mutating func mustAnswer(_ number: UInt32) { peers[number]?.mustAnswer = true }

    mutating func vanished(_ number: UInt32) { peers[number] = nil }

    func state(of number: UInt32) -> State { peers[number]?.state ?? .live }

    /// The start of the process that answers, Unix microseconds; nil until one answered.
    func incarnation(of number: UInt32) -> UInt64? { peers[number]?.incarnation }

    /// Answers come in ascending order of replica numbers.
    mutating func tick(now: UInt64) -> [Answer] {
        let step = min(now - min(tickedAt ?? now, now), Self.longestStep)
        tickedAt = now
        var answers: [Answer] = []
        for number in peers.keys.sorted() { tick(number, step: step, now: now, &answers) }
        return answers
    }

    private mutating func tick(_ number: UInt32, step: UInt64, now: UInt64, _ answers: inout [Answer]) {
        guard var peer = peers[number] else { return }
        if peer.unanswered > 0 {
            peer.silence += step
            if peer.silence >= Self.silenceLimit, peer.mustAnswer || peer.incarnation != nil, peer.state != .suspect {
                peer.state = .suspect
                answers.append(.suspected(number))
            }
        }
        if peer.pingAt.map({ $0 <= now }) ?? true {
            peer.unanswered += 1
            peer.pingAt = now + (peer.unanswered > Self.patientPings ? Self.slowPingInterval : Self.pingInterval)
            answers.append(.ping(number))
        }
        peers[number] = peer
    }

    /// A pong of a replica that has vanished is nothing.
    mutating func ponged(_ number: UInt32, incarnation: UInt64, draining: Bool) -> [Answer] {
        guard var peer = peers[number] else { return [] }
        let former = peer
        peer.incarnation = incarnation
        peer.state = draining ? .draining : .live
        peer.silence = 0
        peer.unanswered = 0
        peers[number] = peer
        if let known = former.incarnation, known != incarnation { return [.restarted(number)] }
        return former.state != peer.state || former.incarnation == nil ? [.changed(number)] : []
    }
}
