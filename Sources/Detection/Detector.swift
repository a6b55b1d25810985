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
    /// How sure a finding is, at least; a check that has more to go by may say more.
    public let confidence: Confidence
    let triggers: [Trigger]
    let check: Check
    public let examples: [Example]
    /// Texts in which this detector's entity must not be found.
    public let counterExamples: [String]

    /// A text and the part of it that is the finding.
    public struct Example: Sendable {
        public let text: String
        public let finding: String
        /// The name of the column that the text stands in, empty for none.
        public let column: String

        init(_ text: String, _ finding: String? = nil, column: String = "") {
            self.text = text
            self.finding = finding ?? text
            self.column = column
        }
    }

    enum Trigger: Sendable, Hashable {
        case literal(String)
        case anyCase(String)
        /// Bytes that it spans, zero when they vary.
        case expression(String, length: Int = 0)
        case shape(ShapeScanner.Shape)
        /// So many digits, single separators among them. Those of all detectors are looked for as one.
        case digits(Int)

        var length: Int {
            switch self {
            case .literal(let text), .anyCase(let text): text.utf8.count
            case .expression(_, let length): length
            case .shape, .digits: 0
            }
        }
    }

    enum Check: Sendable {
        case email
        case number(NumberCheck)
        case internationalPhone
        case iban, nino, pan, nie, cnpj, corsicanNIR
        case ipv4, ipv6, macAddress
        case bitcoinBase58, bitcoinBech32, ethereum
        case titledName, namePair
        case streetAddress(StreetForm)
        case near(Topic, ContextCheck)
        case token(TokenRule)
        case jsonWebToken
        case privateKey
        case urlPassword
        case authorization
        case keyValue
        case dictionary(Int)
        /// A word of a dictionary that has several parts.
        case phrase(Int)
    }

    /// Values that are digits and separators: the run of them is read once for all.
    enum NumberCheck: Sendable {
        case paymentCard, socialSecurity, taxpayer, phone, cpf, germanTax, nir, aadhaar, dni
    }

    /// Values whose form says too little: a word or the column's name must agree.
    enum ContextCheck: Sendable {
        case socialSecurity, taxpayer, cpf, cnpj, germanTax, germanIDCard, aadhaar, iban, passport, date, phone
        case personName, possibleName, address, awsSecret, password, highEntropy
    }

    enum StreetForm: Sendable { case numberFirst, numberLast, french, spanish, box }
}
