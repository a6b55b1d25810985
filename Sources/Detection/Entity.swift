/// A kind of sensitive data, by the name that policies use.
public struct Entity: Hashable, Sendable {
    /// The place in ``all``: a dense index for counters and tables. Entities of custom detectors follow after ``all``;
    /// ``DetectionEngine/name(of:)`` knows what they are called.
    public let index: Int

    init(index: Int) {
        self.index = index
    }

    public static let email = Entity(index: 0)
    public static let phone = Entity(index: 1)
    public static let creditCard = Entity(index: 2)
    public static let iban = Entity(index: 3)
    public static let usSSN = Entity(index: 4)
    public static let usITIN = Entity(index: 5)
    public static let ukNINO = Entity(index: 6)
    public static let brCPF = Entity(index: 7)
    public static let brCNPJ = Entity(index: 8)
    public static let deTaxID = Entity(index: 9)
    public static let deIDCard = Entity(index: 10)
    public static let frNIR = Entity(index: 11)
    public static let inAadhaar = Entity(index: 12)
    public static let inPAN = Entity(index: 13)
    public static let esDNI = Entity(index: 14)
    public static let esNIE = Entity(index: 15)
    public static let passport = Entity(index: 16)
    public static let dateOfBirth = Entity(index: 17)
    public static let personName = Entity(index: 18)
    public static let postalAddress = Entity(index: 19)
    public static let ipAddress = Entity(index: 20)
    public static let macAddress = Entity(index: 21)
    public static let btcAddress = Entity(index: 22)
    public static let ethAddress = Entity(index: 23)
    public static let awsAccessKey = Entity(index: 24)
    public static let jwt = Entity(index: 25)
    public static let privateKey = Entity(index: 26)
    public static let secret = Entity(index: 27)

    private static let names = [
        "email", "phone", "credit_card", "iban", "us_ssn", "us_itin", "uk_nino", "br_cpf", "br_cnpj", "de_tax_id",
        "de_id_card", "fr_nir", "in_aadhaar", "in_pan", "es_dni", "es_nie", "passport", "date_of_birth", "person_name",
        "postal_address", "ip_address", "mac_address", "btc_address", "eth_address", "aws_access_key", "jwt",
        "private_key", "secret",
    ]

    /// What policies write; `custom` for the entity of a custom detector.
    public var name: String { Entity.names.indices.contains(index) ? Entity.names[index] : "custom" }

    public static let all: [Entity] = names.indices.map { Entity(index: $0) }

    /// No kind of data: what the detectors could not look at. No detector finds it, and it is not in ``all``.
    public static let unsearched = Entity(index: -1)

    /// Credentials: ``secret`` and the kinds of it that have a name of their own.
    public static let secrets: [Entity] = [awsAccessKey, jwt, privateKey, secret]

    /// Nil when no detector finds such an entity.
    public init?(name: String) {
        guard let known = Entity.all.first(where: { $0.name == name }) else { return nil }
        self = known
    }

    /// What a name in a policy asks for: `all` is every entity, `secret` every credential whatever its own name.
    /// - Returns: empty when no detector finds such an entity.
    public static func named(_ name: String) -> [Entity] {
        switch name {
        case "all": all
        case "secret": secrets
        case _: Entity(name: name).map { [$0] } ?? []
        }
    }
}
