/// What a server keeps to check a SCRAM-SHA-256 password (RFC 5802 section 3): the password cannot be read from it.
public struct ScramVerifier: Hashable, Sendable, CustomStringConvertible {
    /// PostgreSQL's default. It slows guessing of weak passwords; the secrets that Sluice makes are 256 random bits,
    /// which no number of guesses finds, so a login need not cost more than this.
    public static let defaultIterations = 4096
    public static let saltByteCount = 16
    /// Bound on a stored verifier, so that a damaged store cannot stall logins.
    public static let iterationBound = 1...1_000_000
    static let saltBound = 1...256

    public let iterations: Int
    public let salt: [UInt8]
    public let storedKey: [UInt8]
    public let serverKey: [UInt8]

    /// The verifier of a password.
    public init(
        password: String, salt: [UInt8] = SecureRandom.bytes(saltByteCount), iterations: Int = defaultIterations
    ) {
        let keys = ScramKeys(password: password, salt: salt, iterations: iterations)
        self.init(iterations: iterations, salt: salt, storedKey: keys.storedKey, serverKey: keys.serverKey)
    }

    init(iterations: Int, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
        self.iterations = iterations
        self.salt = salt
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// Reads PostgreSQL's textual form, `SCRAM-SHA-256$4096:salt$stored:server`; nil when it is not exactly that.
    public init?(textualForm: String) {
        let parts = textualForm.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "SCRAM-SHA-256" else { return nil }
        let first = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        let second = parts[2].split(separator: ":", omittingEmptySubsequences: false)
        guard first.count == 2, second.count == 2,
            let iterations = Int(first[0]), Self.iterationBound.contains(iterations),
            let salt = Base64.decode(String(first[1])), Self.saltBound.contains(salt.count),
            let storedKey = Base64.decode(String(second[0])), storedKey.count == SHA256Digest.byteCount,
            let serverKey = Base64.decode(String(second[1])), serverKey.count == SHA256Digest.byteCount
        else { return nil }
        self.init(iterations: iterations, salt: salt, storedKey: storedKey, serverKey: serverKey)
    }

    /// PostgreSQL's textual form (`pg_authid.rolpassword`).
    public var textualForm: String {
        "SCRAM-SHA-256$\(iterations):\(Base64.encode(salt))$\(Base64.encode(storedKey)):\(Base64.encode(serverKey))"
    }

    /// Keeps the keys out of logs.
    public var description: String { "SCRAM-SHA-256 verifier" }

    /// A verifier for a name that has no account, the same at each try and shaped like a real one, so that the
    /// exchange does not tell which names exist. No password matches: its keys are no hash of a known key.
    public static func mock(name: String, serverSecret: [UInt8]) -> ScramVerifier {
        func derive(_ purpose: String) -> [UInt8] {
            HMACSHA256.authenticate(Array((purpose + "\0" + name).utf8), key: serverSecret)
        }
        return ScramVerifier(
            iterations: defaultIterations, salt: Array(derive("mock salt").prefix(saltByteCount)),
            storedKey: derive("mock stored key"), serverKey: derive("mock server key"))
    }

    /// Whether a password that the client sent as it is matches. Takes as long for a wrong one as for the right one.
    public func matches(password: String) -> Bool {
        ConstantTime.equal(ScramKeys(password: password, salt: salt, iterations: iterations).storedKey, storedKey)
    }
}

/// The keys that follow from a password (RFC 5802 section 3).
struct ScramKeys {
    let clientKey: [UInt8]
    let storedKey: [UInt8]
    let serverKey: [UInt8]

    init(password: String, salt: [UInt8], iterations: Int) {
        let salted = PBKDF2.deriveKey(password: SASLprep.prepare(password), salt: salt, iterations: iterations)
        clientKey = HMACSHA256.authenticate(Array("Client Key".utf8), key: salted)
        storedKey = SHA256Digest(of: clientKey).bytes
        serverKey = HMACSHA256.authenticate(Array("Server Key".utf8), key: salted)
    }
}
