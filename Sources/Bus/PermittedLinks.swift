/// Which stage may send to which, between hosts. A key of a stage opens these links and no others.
public struct PermittedLinks: Sendable, Equatable {
    private let senders: [String: Set<String>]

    /// The routes are the stages of each lane in order, without ingress and approver.
    public init(requestRoute: [String], responseRoute: [String]) {
        var senders: [String: Set<String>] = [:]
        let all = Set(StageName.builtIn + requestRoute + responseRoute)
        // Every stage answers it; and one ingress hands another what is for it.
        senders[StageName.ingress] = all
        for (index, stage) in requestRoute.enumerated() {
            senders[stage, default: []].insert(index == 0 ? StageName.ingress : requestRoute[index - 1])
        }
        // Ingress asks the classifier first when it is first, and pings it wherever it stands, as it does every stage.
        for stage in requestRoute + responseRoute { senders[stage, default: []].insert(StageName.ingress) }
        senders[StageName.approver] = Set([StageName.ingress] + requestRoute)
        senders[StageName.recorder] = [StageName.ingress]
        self.senders = senders
    }

    /// Whether `sender` may send to `receiver`.
    public func allow(from sender: String, to receiver: String) -> Bool {
        senders[receiver]?.contains(sender) ?? false
    }

    /// Stages that may send to `receiver`, sorted.
    public func senders(to receiver: String) -> [String] { (senders[receiver] ?? []).sorted() }
}
