/// One way to recognise one entity: what the pattern matcher looks for, and how code then decides.
///
/// The matcher reports only where a trigger ends; ``Check`` finds where the value starts and ends and verifies it.
/// Triggers hold no context assertion, so a trigger inside a field is reported whatever stands around the field:
/// one scan over a whole batch of fields serves every field in it.
public struct Detector: Sendable {
    public let entity: Entity
    public let name: String
    /// What makes a candidate a finding, in words.
    public let validation: String
    let triggers: [Trigger]
    let check: Check
    public let examples: [Example]
    /// Texts in which this detector's entity must not be found.
    public let counterExamples: [String]

    /// A text and the part of it that is the finding.
    public struct Example: Sendable {
        public let text: String
        public let finding: String

        init(_ text: String, _ finding: String? = nil) {
            self.text = text
            self.finding = finding ?? text
        }
    }

    enum Trigger: Sendable {
        case literal(String)
        case anyCase(String)
        case expression(String)

        /// Bytes that the trigger spans, zero for an expression of varying length.
        var length: Int {
            switch self {
            case .literal(let text), .anyCase(let text): text.utf8.count
            case .expression: 0
            }
        }
    }

    enum Check: Sendable {
        case email
        case paymentCard
        case dashedSocialSecurityNumber
        case socialSecurityWord
        case token(TokenRule)
        case jsonWebToken
        case privateKey
        case urlPassword
        case keyValue
    }

    /// What follows a secret's fixed prefix.
    struct TokenRule: Sendable {
        enum Alphabet: Sendable {
            case upperAlphanumeric, alphanumeric, alphanumericUnderscore, alphanumericHyphen, base64URL
        }
        let alphabet: Alphabet
        let length: ClosedRange<Int>
        /// Words joined by hyphens are not secrets: a digit must be there.
        var needsDigit = false
        /// The prefix may follow `_` or `-` directly. Only where `length` is one number, which bounds the work.
        var joins = false
    }
}
