import Foundation
import Testing

@testable import Identity

/// The example of RFC 7677 section 3.
private enum RFC7677 {
    static let clientNonce = "rOprNGfwEbeRWgbNEkqO"
    static let serverNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    static let salt = "W22ZaJ0SNY7soEsUEjb6gQ=="
    static let clientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    static let serverFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    static let withoutProof = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    static let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    static let clientFinal = "\(withoutProof),p=\(proof)"
    static let serverFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

    static func verifier() throws -> ScramVerifier {
        ScramVerifier(password: "pencil", salt: try #require(Base64.decode(salt)), iterations: 4096)
    }
    static func server() throws -> ScramServer {
        ScramServer(verifier: try verifier(), nonce: try #require(ScramNonce(serverNonce)))
    }
    static func client() throws -> ScramClient {
        ScramClient(password: "pencil", userName: "user", nonce: try #require(ScramNonce(clientNonce)))
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

private func code(_ body: () throws -> Void) -> AuthenticationError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? AuthenticationError)?.code
    }
}

@Suite struct ScramServerTests {
    @Test func answersTheExampleOfTheRFC() throws {
        var server = try RFC7677.server()
        #expect(text(try server.receive(clientFirst: bytes(RFC7677.clientFirst))) == RFC7677.serverFirst)
        #expect(text(try server.receive(clientFinal: bytes(RFC7677.clientFinal))) == RFC7677.serverFinal)
    }

    @Test func aClientThatCouldBindIsServedWithoutBinding() throws {
        var server = try RFC7677.server()
        let first = try server.receive(clientFirst: bytes("y,,n=,r=abc"))
        let nonce = try #require(text(first).split(separator: ",").first?.dropFirst(2))
        // The proof covers the gs2 header: `biws` (n,,) is refused, `eSws` (y,,) gets as far as the proof.
        var other = server
        let zeros = Base64.encode([UInt8](repeating: 0, count: 32))
        #expect(code { _ = try server.receive(clientFinal: bytes("c=eSws,r=\(nonce),p=\(zeros)")) } == .wrongSecret)
        #expect(code { _ = try other.receive(clientFinal: bytes("c=biws,r=\(nonce),p=\(zeros)")) } == .channelBinding)
    }

    @Test(arguments: ["p=tls-server-end-point,,n=,r=abc", "p=,,n=,r=abc"])
    func channelBindingIsRefused(_ message: String) throws {
        var server = try RFC7677.server()
        #expect(code { _ = try server.receive(clientFirst: bytes(message)) } == .channelBinding)
    }

    @Test(arguments: [
        "", "n", "n,", "n,,", "n,,n=", "n,,n=user", "n,,r=abc", "n,,n=user,r=", "n,,n=user,r=a b",
        "n,,n=user,r=a\u{e9}",
        "n,,n=user,r=abc,", "n,,n=user,r=abc,x=1", "n,,m=ext,n=user,r=abc", "n,,r=abc,n=user", "x,,n=user,r=abc",
        "N,,n=user,r=abc", "n,,n=user,r=a\u{0}c", "n,,n=user,r=\(String(repeating: "a", count: 257))",
        "n,,n=\(String(repeating: "u", count: 3000)),r=abc",
    ])
    func malformedFirstMessagesAreRefused(_ message: String) throws {
        var server = try RFC7677.server()
        #expect(code { _ = try server.receive(clientFirst: bytes(message)) } == .malformedMessage)
        // The exchange is over: a good message is no second chance.
        #expect(code { _ = try server.receive(clientFirst: bytes(RFC7677.clientFirst)) } == .malformedMessage)
    }

    @Test func invalidUTF8IsRefused() throws {
        var server = try RFC7677.server()
        #expect(
            code { _ = try server.receive(clientFirst: bytes("n,,n=") + [0xFF] + bytes(",r=abc")) } == .malformedMessage
        )
    }

    @Test func anAuthorizationIdentityIsRefused() throws {
        var server = try RFC7677.server()
        #expect(code { _ = try server.receive(clientFirst: bytes("n,a=root,n=user,r=abc")) } == .unsupported)
    }

    @Test(arguments: [
        (RFC7677.withoutProof, AuthenticationError.Code.malformedMessage),
        ("\(RFC7677.withoutProof),x=1,p=\(RFC7677.proof)", .malformedMessage),
        ("\(RFC7677.clientFinal),x=1", .malformedMessage),
        ("c=biws,r=rOprNGfwEbeRWgbNEkqO,p=\(RFC7677.proof)", .malformedMessage),
        ("\(RFC7677.withoutProof),p=AAAA", .malformedMessage),
        ("\(RFC7677.withoutProof),p=", .malformedMessage),
        ("\(RFC7677.withoutProof),p=\(RFC7677.proof)=", .malformedMessage),
        ("\(RFC7677.withoutProof),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVR=", .malformedMessage),
        ("\(RFC7677.withoutProof),p=eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", .wrongSecret),
        ("c=eSws,r=\(RFC7677.clientNonce)\(RFC7677.serverNonce),p=\(RFC7677.proof)", .channelBinding),
        ("c=,r=\(RFC7677.clientNonce)\(RFC7677.serverNonce),p=\(RFC7677.proof)", .channelBinding),
    ])
    func tamperedFinalMessagesAreRefused(_ message: String, _ expected: AuthenticationError.Code) throws {
        var server = try RFC7677.server()
        _ = try server.receive(clientFirst: bytes(RFC7677.clientFirst))
        #expect(code { _ = try server.receive(clientFinal: bytes(message)) } == expected)
        #expect(code { _ = try server.receive(clientFinal: bytes(RFC7677.clientFinal)) } == .malformedMessage)
    }

    @Test func everyTruncationAndEveryFlippedBitIsRefused() throws {
        let final = bytes(RFC7677.clientFinal)
        var waiting = try RFC7677.server()
        _ = try waiting.receive(clientFirst: bytes(RFC7677.clientFirst))
        for end in final.indices {
            var server = waiting
            #expect(code { _ = try server.receive(clientFinal: Array(final[..<end])) } != nil)
        }
        for index in final.indices {
            for bit in 0..<8 {
                var flipped = final
                flipped[index] ^= UInt8(1 << bit)
                var server = waiting
                #expect(code { _ = try server.receive(clientFinal: flipped) } != nil)
            }
        }
    }

    @Test func aFinalMessageCannotComeFirst() throws {
        var server = try RFC7677.server()
        #expect(code { _ = try server.receive(clientFinal: bytes(RFC7677.clientFinal)) } == .malformedMessage)
    }

    @Test func aMockLooksTheSameEachTimeAndFitsNothing() throws {
        let mock = ScramVerifier.mock(name: "ghost", serverSecret: [1, 2, 3])
        #expect(mock == ScramVerifier.mock(name: "ghost", serverSecret: [1, 2, 3]))
        #expect(mock != ScramVerifier.mock(name: "ghost", serverSecret: [1, 2, 4]))
        #expect(mock != ScramVerifier.mock(name: "ghosts", serverSecret: [1, 2, 3]))
        let real = ScramVerifier(password: "secret")
        #expect(mock.iterations == real.iterations && mock.salt.count == real.salt.count)
        #expect(!mock.matches(password: "") && !mock.matches(password: "ghost"))
    }
}

@Suite struct ScramClientTests {
    @Test func speaksTheExampleOfTheRFC() throws {
        var client = try RFC7677.client()
        #expect(text(client.clientFirst()) == RFC7677.clientFirst)
        #expect(text(try client.receive(serverFirst: bytes(RFC7677.serverFirst))) == RFC7677.clientFinal)
        try client.receive(serverFinal: bytes(RFC7677.serverFinal))
    }

    @Test(arguments: ["pencil", "slc_abc", "p\u{e4}ssw\u{f6}rt", "\u{ff11}\u{ff12}", "\u{1F600}", "a\u{0}b"])
    func bothSidesAgree(_ password: String) throws {
        var server = ScramServer(verifier: ScramVerifier(password: password))
        var client = ScramClient(password: password)
        let serverFirst = try server.receive(clientFirst: client.clientFirst())
        let clientFinal = try client.receive(serverFirst: serverFirst)
        try client.receive(serverFinal: try server.receive(clientFinal: clientFinal))
    }

    @Test(arguments: [
        "", "r=", "e=other-error",
        "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",  // no server nonce
        "r=xOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqO%hv,s=,i=4096", "r=rOprNGfwEbeRWgbNEkqO%hv,s=!!!!,i=4096",
        "r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
        "r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1",
        "r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=+1",
        "r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=100001",
        "r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999999999",
        "r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,x=1",
        "m=ext,r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    ])
    func hostileServerFirstIsRefused(_ message: String) throws {
        var client = try RFC7677.client()
        _ = client.clientFirst()
        #expect(code { _ = try client.receive(serverFirst: bytes(message)) } == .malformedMessage)
    }

    @Test(arguments: [
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=", AuthenticationError.Code.serverNotProven),
        ("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", .serverNotProven),
        ("v=", .serverNotProven), ("v=AAAA", .serverNotProven), ("", .malformedMessage),
        ("e=invalid-proof", .refusedByServer), ("\(RFC7677.serverFinal),x=1", .malformedMessage),
    ])
    func aServerThatDoesNotKnowThePasswordIsRefused(_ message: String, _ expected: AuthenticationError.Code) throws {
        var client = try RFC7677.client()
        _ = client.clientFirst()
        _ = try client.receive(serverFirst: bytes(RFC7677.serverFirst))
        #expect(code { try client.receive(serverFinal: bytes(message)) } == expected)
        #expect(code { try client.receive(serverFinal: bytes(RFC7677.serverFinal)) } == .malformedMessage)
    }

    @Test func theServersProofCannotBeSkipped() throws {
        var client = try RFC7677.client()
        #expect(code { try client.receive(serverFinal: bytes(RFC7677.serverFinal)) } == .malformedMessage)
        _ = client.clientFirst()
        #expect(code { try client.receive(serverFinal: bytes(RFC7677.serverFinal)) } == .malformedMessage)
    }
}

@Suite struct ScramVerifierTests {
    @Test func readsBackItsTextualForm() throws {
        let verifier = try RFC7677.verifier()
        #expect(verifier.textualForm.hasPrefix("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"))
        #expect(ScramVerifier(textualForm: verifier.textualForm) == verifier)
        #expect(!"\(verifier)".contains(Base64.encode(verifier.storedKey)))
    }

    @Test(arguments: [
        "", "md5abc", "SCRAM-SHA-256", "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA", "SCRAM-SHA-1$4096:AAAA$AAAA:AAAA",
        "SCRAM-SHA-256$0:AAAA$\(key):\(key)", "SCRAM-SHA-256$2000000:AAAA$\(key):\(key)",
        "SCRAM-SHA-256$4096:$\(key):\(key)", "SCRAM-SHA-256$4096:AAAA$\(key):\(key)$", "SCRAM-SHA-256$4096:AAAA$\(key)",
    ])
    func refusesOtherForms(_ form: String) {
        #expect(ScramVerifier(textualForm: form) == nil)
    }

    private static let key = Base64.encode([UInt8](repeating: 7, count: 32))

    @Test func preparesPasswordsAsPostgreSQLDoes() {
        // RFC 4013 section 3.
        #expect(text(SASLprep.prepare("I\u{AD}X")) == "IX")
        #expect(text(SASLprep.prepare("user")) == "user")
        #expect(text(SASLprep.prepare("\u{AA}")) == "a")
        #expect(text(SASLprep.prepare("\u{2168}")) == "IX")
        #expect(text(SASLprep.prepare("a\u{A0}b")) == "a b")
        // Prohibited: used as it is.
        #expect(text(SASLprep.prepare("\u{7}")) == "\u{7}")
        #expect(SASLprep.prepare("\u{2168}\u{7}") == bytes("\u{2168}\u{7}"))
        #expect(SASLprep.prepare("\u{2168}\u{1F600}") == bytes("\u{2168}\u{1F600}"))
    }
}
