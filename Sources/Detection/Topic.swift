/// What words in a text or the name of a column say about the values near them.
enum Topic: UInt8, CaseIterable, Sendable {
    case socialSecurity, taxpayer, cpf, cnpj, germanTax, germanIDCard, aadhaar, iban, passport, birth, phone
    /// A name of a person, and a name of something that may be a person.
    case person, name
    case address
    case awsSecret, credential, key

    /// Phrases that a text holds near a value, words divided by a space. The matcher also takes them joined by `_`, `-`
    /// or nothing, in any case.
    var phrases: [String] {
        switch self {
        case .socialSecurity: ["ssn", "social security"]
        case .taxpayer: ["itin", "taxpayer id", "tax id", "taxpayer identification"]
        case .cpf: ["cpf"]
        case .cnpj: ["cnpj"]
        case .germanTax:
            [
                "steuer id", "steueridentifikationsnummer", "steuernummer", "steuerliche identifikationsnummer", "idnr",
                "tax id", "tin",
            ]
        case .germanIDCard: ["personalausweis", "ausweisnummer", "ausweis nr", "id card", "identity card", "perso"]
        case .aadhaar: ["aadhaar", "aadhar", "uidai"]
        case .iban: ["iban"]
        case .passport: ["passport", "passeport", "pasaporte", "reisepass", "passaporte", "passaporto", "paspoort"]
        case .birth:
            [
                "birth date", "date of birth", "dob", "born", "birthday", "birth day", "geburtsdatum", "geboren", "geb",
                "fecha de nacimiento", "date de naissance", "data de nascimento", "data di nascita",
            ]
        case .phone:
            [
                "phone", "telephone", "tel", "mobile", "cell", "fax", "whatsapp", "telefon", "telefono", "téléphone",
                "teléfono", "telefone", "celular", "handy", "handynummer", "contact number", "call me at", "msisdn",
            ]
        case .person:
            [
                "full name", "first name", "last name", "given name", "family name", "surname", "customer name",
                "patient name", "employee name", "client name", "contact name", "account holder", "cardholder",
                "beneficiary", "recipient name", "maiden name",
            ]
        case .name:
            [
                "name", "customer", "patient", "employee", "contact", "dear", "attn", "signed by", "passenger",
                "applicant", "tenant",
            ]
        case .address: ["address", "adresse", "anschrift", "dirección", "direccion", "endereço", "endereco"]
        case .awsSecret: ["aws secret", "secret access key", "aws secret key", "aws key"]
        case .credential: []
        case .key:
            [
                "encryption key", "signing key", "client key", "shared key", "master key", "session key", "service key",
                "account key", "storage key", "license key", "hmac key", "ssh key", "auth key", "authorization",
                "auth", "x auth", "signature key", "webhook key", "deploy key",
            ]
        }
    }

    /// Phrases that say so as the whole or a part of a column's name, besides ``phrases``.
    var columnPhrases: [String] {
        switch self {
        case .socialSecurity: ["social", "ss number"]
        case .birth: ["birthdate", "birth"]
        case .phone: ["phone number", "telno", "phone no", "mobile no", "tel no"]
        case .person:
            [
                "firstname", "lastname", "fullname", "fname", "lname", "forename", "middle name", "vorname", "nachname",
                "nom", "prenom", "apellido", "apellidos", "nombre", "person", "owner name", "author name", "holder",
            ]
        case .address:
            [
                "street", "addr", "street address", "home address", "postal address", "mailing address", "addr1",
                "address1",
            ]
        case .awsSecret: ["aws secret access key"]
        case .credential: ["password", "passwd", "pwd", "passphrase", "pass"]
        case .key:
            [
                "secret", "token", "api key", "apikey", "access key", "secret key", "private key", "credential",
                "credentials", "key",
            ]
        case .taxpayer, .cpf, .cnpj, .germanTax, .germanIDCard, .aadhaar, .iban, .passport, .name: []
        }
    }

    /// Whether a column's name says so only when it ends with the phrase: `reset_token` holds tokens, `token_count` does
    /// not.
    var mustEndColumn: Bool {
        switch self {
        case .credential, .key, .awsSecret, .person, .name: true
        case .socialSecurity, .taxpayer, .cpf, .cnpj, .germanTax, .germanIDCard, .aadhaar, .iban, .passport, .phone,
            .address, .birth:
            false
        }
    }

    /// Words in a column's name that say that it holds something else.
    var strangers: [String] {
        switch self {
        case .address:
            ["ip", "email", "mail", "mac", "web", "wallet", "btc", "eth", "url", "network", "contract", "id"]
        case .person, .name:
            [
                "file", "host", "table", "column", "product", "domain", "server", "class", "company", "path", "schema",
                "event", "type", "project", "user", "display", "city", "country", "street", "bank", "brand", "id",
            ]
        case .phone: ["id", "type", "verified", "model", "os", "count"]
        case .key: ["primary", "foreign", "public", "sort", "partition", "cache", "id", "count", "type", "idempotency"]
        case .credential, .awsSecret: ["id", "count", "type", "hint", "policy"]
        case .birth: ["place", "city", "country", "certificate"]
        case .socialSecurity, .taxpayer, .cpf, .cnpj, .germanTax, .germanIDCard, .aadhaar, .iban, .passport: []
        }
    }

    fileprivate var bit: UInt32 { 1 << UInt32(rawValue) }
}

/// Every topic's words, for names of columns.
private struct ColumnTopics {
    static let all = ColumnTopics()

    private var phrases = PhraseTable<UInt32>()
    private var strangers = PhraseTable<UInt32>()
    private var mustEnd: UInt32 = 0
    /// In names without divisions: `custssn`, `ssnumber`.
    private var socialSecurity: [String] = []

    private init() {
        for topic in Topic.allCases {
            for phrase in topic.phrases + topic.columnPhrases {
                let run = phrase.filter { $0 != " " }
                phrases.add(phrase.split(separator: " "), topic.bit)
                phrases.add([run[...]], topic.bit)
                if topic == .socialSecurity { socialSecurity.append(run) }
            }
            for stranger in topic.strangers { strangers.add([stranger[...]], topic.bit) }
            if topic.mustEndColumn { mustEnd |= topic.bit }
        }
    }

    func topics(of words: [Substring]) -> UInt32 {
        let (anywhere, last) = phrases.meanings(of: words)
        var topics = last | anywhere & ~mustEnd
        let joined = words.joined(separator: " ")
        if socialSecurity.contains(where: { joined.hasPrefix($0) || joined.hasSuffix($0) }) {
            topics |= Topic.socialSecurity.bit
        }
        return topics == 0 ? 0 : topics & ~strangers.meanings(of: words).anywhere
    }
}

/// What the name of the column, JSON key or form field that holds a value says about the value.
public struct FieldContext: Hashable, Sendable {
    private var topics: UInt32 = 0
    /// By the place of a custom detector in its engine.
    private(set) var custom: UInt64 = 0

    /// Nothing is known.
    public static let none = FieldContext()

    private init() {}

    /// - Parameter name: as people write names: `user_ssn`, `dateOfBirth`, `Phone No.`
    public init(name: String) { self.init(words: FieldContext.words(name)) }

    init(words: [Substring]) {
        if !words.isEmpty { topics = ColumnTopics.all.topics(of: words) }
    }

    public var isEmpty: Bool { topics == 0 && custom == 0 }

    func contains(_ topic: Topic) -> Bool { topics & topic.bit != 0 }

    /// What either says.
    public func union(_ other: FieldContext) -> FieldContext {
        var both = self
        both.topics |= other.topics
        both.custom |= other.custom
        return both
    }

    func intersection(_ topics: Set<Topic>) -> FieldContext {
        var some = self
        some.topics = 0
        for topic in topics where contains(topic) { some.topics |= topic.bit }
        return some
    }

    mutating func add(custom detectors: UInt64) { custom |= detectors }

    /// Leading zeros that a number of this context may have lost: how many digits it has with them, zero when unknown.
    public var digits: Int {
        if contains(.socialSecurity) || contains(.taxpayer) { return 9 }
        if contains(.cpf) { return 11 }
        return contains(.cnpj) ? 14 : 0
    }

    /// Lower-case words; a capital after a small letter begins one.
    static func words(_ name: String) -> [Substring] {
        if let words = asciiWords(name) { return words }
        var spaced = ""
        var previousIsLower = false
        for character in name {
            if character.isUppercase, previousIsLower { spaced.append(" ") }
            spaced.append(contentsOf: character.isLetter || character.isNumber ? character.lowercased() : " ")
            previousIsLower = character.isLowercase
        }
        return spaced.split(separator: " ")
    }

    /// The same of a name in ASCII, which most are; nil for another.
    private static func asciiWords(_ name: String) -> [Substring]? {
        var spaced: [UInt8] = []
        var previousIsLower = false
        for byte in name.utf8 {
            guard byte < 0x80 else { return nil }
            if byte.isUpper, previousIsLower { spaced.append(0x20) }
            spaced.append(byte.isUpper ? byte | 0x20 : byte.isAlphanumeric ? byte : 0x20)
            previousIsLower = byte.isLower
        }
        return String(decoding: spaced, as: UTF8.self).split(separator: " ")
    }
}
