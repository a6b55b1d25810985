/// The server's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677) as PostgreSQL does it: a pure value.
///
/// The user name inside the messages is ignored; the startup message has named the account already. Channel binding
/// is not offered: the client may say `n` or `y`, and `p=` is refused. After an error the exchange is over.
public struct ScramServer: Sendable {
    private enum State: Sendable {
        case awaitingClientFirst
        case awaitingClientFinal(ClientFirst)
        case finished
    }

    private struct ClientFirst: Sendable {
        let gs2Header: String
        let combinedNonce: String
        /// `client-first-message-bare "," server-first-message`
        let transcript: String
    }

    private let verifier: ScramVerifier
    private let nonce: ScramNonce
    private var state = State.awaitingClientFirst

    public init(verifier: ScramVerifier, nonce: ScramNonce = .random()) {
        self.verifier = verifier
        self.nonce = nonce
    }

    /// Takes the client's first message and answers with the server's first.
    public mutating func receive(clientFirst bytes: [UInt8]) throws(AuthenticationError) -> [UInt8] {
        guard case .awaitingClientFirst = state else { throw ScramMessage.malformed("client-first out of turn") }
        state = .finished

        let text = try ScramMessage.text(bytes)
        let parts = text.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw ScramMessage.malformed("no gs2 header") }
        switch parts[0] {
        case "n", "y": break
        default:
            guard parts[0].hasPrefix("p=") else { throw ScramMessage.malformed("unknown gs2 channel binding flag") }
            throw AuthenticationError(.channelBinding, "the client asked for channel binding, which was not offered")
        }
        guard parts[1].isEmpty else { throw AuthenticationError(.unsupported, "an authorization identity was given") }

        let bare = parts[2]
        let values = try ScramMessage.attributes(bare, ["n", "r"])
        guard let clientNonce = ScramNonce(values[1]) else { throw ScramMessage.malformed("bad client nonce") }

        let combined = clientNonce.value + nonce.value
        let serverFirst = "r=\(combined),s=\(Base64.encode(verifier.salt)),i=\(verifier.iterations)"
        state = .awaitingClientFinal(
            ClientFirst(
                gs2Header: "\(parts[0]),,", combinedNonce: combined, transcript: "\(bare),\(serverFirst)"))
        return Array(serverFirst.utf8)
    }

    /// Takes the client's final message and answers with the server's final: returning means the proof is right.
    /// - Throws: `wrongSecret` when the proof is wrong.
    public mutating func receive(clientFinal bytes: [UInt8]) throws(AuthenticationError) -> [UInt8] {
        guard case .awaitingClientFinal(let first) = state else {
            throw ScramMessage.malformed("client-final out of turn")
        }
        state = .finished

        let text = try ScramMessage.text(bytes)
        let values = try ScramMessage.attributes(text, ["c", "r", "p"])
        guard values[0] == Base64.encode(Array(first.gs2Header.utf8)) else {
            throw AuthenticationError(.channelBinding, "the channel binding differs from the gs2 header")
        }
        guard ConstantTime.equal(Array(values[1].utf8), Array(first.combinedNonce.utf8)) else {
            throw ScramMessage.malformed("the nonce differs")
        }
        guard let proof = Base64.decode(values[2]), proof.count == SHA256Digest.byteCount else {
            throw ScramMessage.malformed("the proof is not \(SHA256Digest.byteCount) bytes of base64")
        }

        let authMessage = Array("\(first.transcript),c=\(values[0]),r=\(values[1])".utf8)
        let clientSignature = HMACSHA256.authenticate(authMessage, key: verifier.storedKey)
        let clientKey = zip(proof, clientSignature).map { $0 ^ $1 }
        guard ConstantTime.equal(SHA256Digest(of: clientKey).bytes, verifier.storedKey) else {
            throw AuthenticationError(.wrongSecret, "the proof is wrong")
        }
        return Array("v=\(Base64.encode(HMACSHA256.authenticate(authMessage, key: verifier.serverKey)))".utf8)
    }
}
