import Testing

@testable import Forwarding

@Suite struct WebhookSignatureTests {
    /// The example that the libraries of Standard Webhooks are tested with.
    @Test func theStandardsExample() throws {
        let signature = try WebhookSignature(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect(
            signature.header(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8)
            )
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(arguments: ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_!"])
    func otherSecretsAreRefused(_ secret: String) {
        #expect(throws: ForwardError.self) { try WebhookSignature(secret: secret) }
    }
}
