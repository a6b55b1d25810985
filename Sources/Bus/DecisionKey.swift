import COpenSSL
import Contract
import Foundation
import SwiftProtobuf

/// A stage's own key: HMAC-SHA256 over the exact bytes of its decisions. Ingress holds one per stage and accepts
/// a decision only under the key of the stage that it names.
public struct DecisionKey: Sendable {
    /// Bytes of key material.
    public static let size = 32

    private let bytes: [UInt8]

    public init(bytes: [UInt8]) throws(BusError) {
        guard bytes.count == Self.size else {
            throw BusError(.environment, "a decision key has \(Self.size) bytes, not \(bytes.count)")
        }
        self.bytes = bytes
    }

    /// Reads the key file that the supervisor made.
    public init(path: String) throws(BusError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw BusError(.environment, "cannot read the decision key \(path)")
        }
        try self.init(bytes: [UInt8](data))
    }

    /// Signs `decision` as it will travel.
    public func sign(_ decision: Decision) throws(BusError) -> SignedDecision {
        let serialised: [UInt8]
        do {
            serialised = try decision.serializedBytes()
        } catch {
            throw BusError(.malformed, "decision cannot be encoded")
        }
        var signed = SignedDecision()
        signed.stage = decision.stage
        signed.decision = Data(serialised)
        signed.mac = Data(mac(serialised))
        return signed
    }

    /// The decision, when its MAC is authentic and it names the stage that this key belongs to.
    public func open(_ signed: SignedDecision) throws(BusError) -> Decision {
        let expected = mac([UInt8](signed.decision))
        let given = [UInt8](signed.mac)
        guard given.count == expected.count, CRYPTO_memcmp(given, expected, expected.count) == 0 else {
            throw BusError(.unauthentic, "decision of \(signed.stage) is not authentic")
        }
        let decision: Decision
        do {
            decision = try Decision(serializedBytes: signed.decision)
        } catch {
            throw BusError(.malformed, "undecodable decision")
        }
        guard decision.stage == signed.stage else {
            throw BusError(.unauthentic, "decision of \(decision.stage) came in the name of \(signed.stage)")
        }
        return decision
    }

    private func mac(_ message: [UInt8]) -> [UInt8] {
        // A domain prefix keeps the key from being usable for anything else.
        let input = Array("sluice-decision-v1\0".utf8) + message
        var output = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        HMAC(EVP_sha256(), bytes, Int32(bytes.count), input, input.count, &output, &length)
        return output
    }
}

/// The keys of every stage that may decide, held by Ingress.
public struct DecisionKeyring: Sendable {
    private let keys: [String: DecisionKey]

    public init(_ keys: [String: DecisionKey]) { self.keys = keys }

    /// What a decision must be bound to, to count for a command.
    public struct Binding: Sendable {
        public var session: String
        public var sequence: UInt64
        public var digest: [UInt8]
        public var identity: String
        public var resource: String
        public var purpose: CommandPurpose
        /// ``SeenDigest`` of what was sent.
        public var seen: [UInt8]
        /// ``ContextDigest`` of what the classifier was told beside it; nil: nothing.
        public var context: [UInt8]?

        public init(
            session: String, sequence: UInt64, digest: [UInt8], identity: String, resource: String,
            purpose: CommandPurpose, seen: [UInt8], context: [UInt8]? = nil
        ) {
            self.session = session
            self.sequence = sequence
            self.digest = digest
            self.identity = identity
            self.resource = resource
            self.purpose = purpose
            self.seen = seen
            self.context = context
        }
    }

    /// Opens every decision and checks that it is bound to this very command. One that is not makes all fail.
    public func open(_ signed: [SignedDecision], for binding: Binding) throws(BusError) -> [Decision] {
        var decisions: [Decision] = []
        for one in signed {
            guard let key = keys[one.stage] else {
                throw BusError(.unauthentic, "no decision key for stage \(one.stage)")
            }
            let decision = try key.open(one)
            guard decision.session == binding.session, decision.sequence == binding.sequence,
                decision.digest.elementsEqual(binding.digest), decision.identity == binding.identity,
                decision.resource == binding.resource, decision.purpose == binding.purpose,
                decision.seen.elementsEqual(binding.seen)
            else {
                throw BusError(.unauthentic, "decision of \(one.stage) is for another command")
            }
            if one.stage == StageName.classifier, let context = binding.context,
                !decision.context.elementsEqual(context)
            {
                throw BusError(.unauthentic, "decision of \(one.stage) was made with other knowledge")
            }
            decisions.append(decision)
        }
        return decisions
    }
}
