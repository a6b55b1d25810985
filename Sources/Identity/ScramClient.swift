/// The client's side of one SCRAM-SHA-256 exchange with a target (RFC 5802, RFC 7677): a pure value.
///
/// The user name in the messages is empty, as libpq sends it: PostgreSQL takes it from the startup message. The
/// target is not trusted: what it sends is bounded, and it must prove that it knows the password.
public struct ScramClient: Sendable {
    public static let mechanism = "SCRAM-SHA-256"
    /// A target may not make the gateway spend more than about 50 ms of processor time on one login.
    public static let iterationBound = 1...100_000
    static let saltBound = 1...1024

    private enum State: Sendable {
        case initial
        case awaitingServerFirst
        case awaitingServerFinal(signature: [UInt8])
        case finished
    }

    private let password: String
    private let userName: String
    private let nonce: ScramNonce
    private var state = State.initial

    public init(password: String, nonce: ScramNonce = .random()) {
        self.init(password: password, userName: "", nonce: nonce)
    }

    /// - Parameter userName: already escaped as a `saslname`.
    init(password: String, userName: String, nonce: ScramNonce) {
        self.password = password
        self.userName = userName
        self.nonce = nonce
    }

    private var clientFirstBare: String { "n=\(userName),r=\(nonce.value)" }

    /// The message to begin with.
    public mutating func clientFirst() -> [UInt8] {
        state = .awaitingServerFirst
        return Array("n,,\(clientFirstBare)".utf8)
    }

    /// Takes the server's first message and answers with the client's final.
    public mutating func receive(serverFirst bytes: [UInt8]) throws(AuthenticationError) -> [UInt8] {
        guard case .awaitingServerFirst = state else { throw ScramMessage.malformed("server-first out of turn") }
        state = .finished

        let text = try ScramMessage.text(bytes)
        let values = try ScramMessage.attributes(text, ["r", "s", "i"])
        let serverPart = values[0].utf8.dropFirst(nonce.value.utf8.count)
        guard values[0].utf8.starts(with: nonce.value.utf8),
            ScramNonce(String(decoding: serverPart, as: UTF8.self)) != nil
        else { throw ScramMessage.malformed("the nonce does not continue the client's") }
        guard let salt = Base64.decode(values[1]), Self.saltBound.contains(salt.count) else {
            throw ScramMessage.malformed("bad salt")
        }
        guard values[2].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let iterations = Int(values[2]),
            Self.iterationBound.contains(iterations)
        else { throw ScramMessage.malformed("iteration count outside \(Self.iterationBound)") }

        let keys = ScramKeys(password: password, salt: salt, iterations: iterations)
        let withoutProof = "c=\(Base64.encode(Array("n,,".utf8))),r=\(values[0])"
        let authMessage = Array("\(clientFirstBare),\(text),\(withoutProof)".utf8)
        let signature = HMACSHA256.authenticate(authMessage, key: keys.storedKey)
        let proof = zip(keys.clientKey, signature).map { $0 ^ $1 }
        state = .awaitingServerFinal(signature: HMACSHA256.authenticate(authMessage, key: keys.serverKey))
        return Array("\(withoutProof),p=\(Base64.encode(proof))".utf8)
    }

    /// Takes the server's final message; returning means that the server knows the password.
    /// - Throws: `refusedByServer` for `e=`, `serverNotProven` for a wrong signature.
    public mutating func receive(serverFinal bytes: [UInt8]) throws(AuthenticationError) {
        guard case .awaitingServerFinal(let expected) = state else {
            throw ScramMessage.malformed("server-final out of turn")
        }
        state = .finished

        let text = try ScramMessage.text(bytes)
        if text.hasPrefix("e=") { throw AuthenticationError(.refusedByServer, "the server refused the password") }
        let values = try ScramMessage.attributes(text, ["v"])
        guard let signature = Base64.decode(values[0]), ConstantTime.equal(signature, expected) else {
            throw AuthenticationError(.serverNotProven, "the server's signature is wrong")
        }
    }
}
