/// What a stage must do, one by one. The raw value is the check's name in the report.
public enum Check: String, Sendable, CaseIterable {
    case ready
    case presence
    case requestAnswers = "request: answers"
    case requestSignature = "request: signature"
    case requestBinding = "request: binding"
    case requestEarlierDecisions = "request: earlier decisions"
    case requestRoute = "request: route"
    case requestHeader = "request: header"
    case requestCommand = "request: command"
    case requestRemarks = "request: remarks"
    case requestPure = "request: pure"
    case requestResends = "request: resends"
    case requestHostile = "request: hostile messages"
    case requestReplyAddress = "request: reply address"
    case requestDeadline = "request: deadline"
    case requestLarge = "request: large command"
    case requestBurst = "request: burst"
    case requestPresence = "request: presence under load"
    case responseAnswers = "response: answers"
    case responseHeader = "response: header"
    case responseMessages = "response: messages"
    case responseRows = "response: rows"
    case responseBinary = "response: binary columns"
    case responseCopy = "response: copy data"
    case responseTail = "response: tail"
    case responseRemarks = "response: remarks"
    case responseResends = "response: resends"
    case responseHostile = "response: hostile messages"
    case responseReplyAddress = "response: reply address"
    case responseDeadline = "response: deadline"
    case responseLarge = "response: large batch"
    case responseBurst = "response: burst"
    case responsePresence = "response: presence under load"
    case drain
    case lifeline
    case logs

    /// What the contract says (docs/adding-a-stage.md).
    public var contract: String {
        switch self {
        case .ready: "binds <bus>/<stage>/<replica> and says READY=1 with its pid on NOTIFY_SOCKET within 20 s"
        case .presence: "answers PING with PONG: its stage, replica and start, same sequence, lane PRESENCE"
        case .requestAnswers: "judges SESSION, STATEMENT and EXECUTION, each with allow, hold or refuse"
        case .requestSignature: "signs its decision with HMAC-SHA256 under its own key"
        case .requestBinding:
            "binds its decision to session, sequence, digest, identity, resource, purpose and what was seen"
        case .requestEarlierDecisions: "keeps the decisions of the stages before it, bytes and order, and adds one"
        case .requestRoute:
            "sends to the next stop, leaves out the approver without a hold, ends the lane after a refusal"
        case .requestHeader: "leaves all other header fields as they came, unknown ones too"
        case .requestCommand: "passes text and facts on unchanged, keeps a hold, adds only its own hold and annotations"
        case .requestRemarks, .responseRemarks: "keeps annotations, events and refusals within the bounds of bus.proto"
        case .requestPure: "calls pure only what text, actor and resource alone decide"
        case .requestResends, .responseResends: "answers a message that is sent again as before"
        case .requestHostile, .responseHostile: "drops or fails what it cannot read, and goes on"
        case .requestReplyAddress, .responseReplyAddress: "sends to inboxes of the bus directory only"
        case .requestDeadline, .responseDeadline: "goes on after a message whose deadline has passed"
        case .requestLarge, .responseLarge: "answers a payload of 60 MiB, with FAILED at the least"
        case .requestBurst, .responseBurst: "answers 1000 messages that come at once, each of them"
        case .requestPresence, .responsePresence: "answers PING while it works"
        case .responseAnswers: "answers MASK with MASKED to reply_to, with an empty route"
        case .responseHeader: "leaves all other header fields as they came"
        case .responseMessages: "gives back whole protocol messages of the same kinds"
        case .responseRows: "keeps the number of rows and of values in each"
        case .responseBinary: "keeps binary values readable: an int4 has 4 bytes or is NULL"
        case .responseCopy: "keeps the rows of copy data"
        case .responseTail: "leaves MaskReply.tail empty: it is the masker's"
        case .drain:
            "on SIGTERM says STOPPING=1, is draining in its PONGs, removes its socket, answers what it has, exits with 0"
        case .lifeline: "ends when the pipe in SLUICE_LIFELINE_FD closes"
        case .logs: "writes no text, parameter or reply value on standard output or standard error"
        }
    }
}

/// One line of the report.
public struct CheckResult: Sendable, Encodable {
    public let check: String
    public let contract: String
    public let isOK: Bool
    /// What came instead; empty when the check passed.
    public let found: String

    private enum CodingKeys: String, CodingKey {
        case check, contract, found
        case isOK = "ok"
    }
}

/// What was found, check by check. The first violation of a check stands for it.
struct Report {
    private var order: [Check] = []
    private var violations: [Check: String] = [:]

    /// The check was made; `violation` says what came, nil that it was right.
    mutating func note(_ check: Check, _ violation: String? = nil) {
        if !order.contains(check) { order.append(check) }
        if let violation, violations[check] == nil { violations[check] = violation }
    }

    /// Makes a check of `work`: what it throws is the violation.
    mutating func check(_ check: Check, _ work: (inout Report) throws -> Void) {
        do {
            try work(&self)
            note(check)
        } catch {
            note(check, "\(error)")
        }
    }

    func wasMade(_ check: Check) -> Bool { order.contains(check) }

    /// What was found here by checks that `other` has not seen fail.
    func violations(not other: Report) -> [String] {
        order.compactMap { other.violations[$0] == nil ? violations[$0] : nil }
    }

    var results: [CheckResult] {
        order.map {
            CheckResult(
                check: $0.rawValue, contract: $0.contract, isOK: violations[$0] == nil, found: violations[$0] ?? "")
        }
    }
}

/// Something came that the contract does not allow.
struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
