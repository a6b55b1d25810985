import Bus
import Configuration
import Foundation
import Identity
import Synchronization
import Telemetry

/// What every event loop of Ingress shares. Re-read once a second by the process's main file.
public final class GatewayShared: Sendable {
    public let configuration: Configuration
    public let keyring: DecisionKeyring
    public let requestRoute: [String]
    public let responseRoute: [String]
    /// The operator's own stages see replies: all rows and copy data go through the lane, masked or not.
    public let inspectsReplies: Bool
    /// Seconds that a lane may take before its command is refused.
    public let laneSeconds: Int

    /// Counted again by the first event loop.
    public let readiness: LaneReadiness

    private let store: IdentityStore
    private let identities: Mutex<IdentitySnapshot>
    private let epoch: Mutex<[UInt8]>
    private let connections = Mutex(0)
    private let draining = Mutex(false)
    private let cancels = Mutex<[String: @Sendable ([UInt8]) -> Void]>([:])
    private let changedDefinitions = Mutex<[String: UInt64]>([:])
    let cancelBudget = Mutex(CancelBudget())
    public let replyBudget: ReplyBudget
    public let auditBudget: AuditBudget

    /// Time that the built-in stages of a lane get together, seconds; custom stages add theirs.
    static let builtInLaneSeconds = 5

    public init(configuration: Configuration, keyring: DecisionKeyring, identities store: IdentityStore) throws {
        self.store = store
        self.configuration = configuration
        self.keyring = keyring
        requestRoute = configuration.stages.requestRoute()
        responseRoute = configuration.stages.responseRoute()
        inspectsReplies = responseRoute.contains { $0 != StageName.masker }
        laneSeconds = Self.builtInLaneSeconds + configuration.stages.custom.reduce(0) { $0 + $1.timeoutSeconds }
        readiness = LaneReadiness(
            stages: Set([StageName.recorder] + requestRoute + responseRoute), telemetry: ProcessTelemetry.current)
        replyBudget = ReplyBudget(limit: configuration.limits.replyMemory)
        auditBudget = AuditBudget(limit: configuration.limits.recordMemory)
        identities = Mutex(try store.snapshot())
        epoch = Mutex([])
    }

    /// The identities as the store has them now. While it cannot be read, the former ones hold.
    public func currentIdentities() -> IdentitySnapshot {
        identities.withLock { known in
            do {
                if try store.serial() != known.serial { known = try store.snapshot() }
            } catch {
                StageLog.error("cannot read the identities; the former ones hold: \(error)")
            }
            return known
        }
    }

    /// The policy file's epoch as ingress last saw it: a decision of another epoch is not memoised.
    public var policyEpoch: [UInt8] { epoch.withLock { $0 } }
    public func update(policyEpoch new: [UInt8]) { epoch.withLock { $0 = new } }

    /// How often a resource's definitions were changed through this process.
    public func definitions(of resource: String) -> UInt64 { changedDefinitions.withLock { $0[resource] ?? 0 } }
    public func changeDefinitions(of resource: String) { changedDefinitions.withLock { $0[resource, default: 0] += 1 } }

    /// Counts a connection; false when there are `maxConnections` already.
    public func admit() -> Bool {
        connections.withLock {
            guard $0 < configuration.limits.maxConnections else { return false }
            $0 += 1
            return true
        }
    }
    public func dismiss() { connections.withLock { $0 -= 1 } }
    public var openConnections: Int { connections.withLock { $0 } }

    public var isDraining: Bool { draining.withLock { $0 } }
    public func drain() { draining.withLock { $0 = true } }

    /// `handler` gets the cancel requests that reached other ingress processes, on any thread.
    public func onForwardedCancel(protocol name: String, _ handler: @escaping @Sendable ([UInt8]) -> Void) {
        cancels.withLock { $0[name] = handler }
    }

    func cancelForwarded(protocol name: String, key: [UInt8]) { cancels.withLock { $0[name] }?(key) }
}
