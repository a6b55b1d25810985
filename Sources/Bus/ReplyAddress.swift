import Contract

/// Where a sender's answers come to.
public struct ReplyAddress: Sendable, Equatable {
    /// The inbox on this host.
    public let local: String
    /// The same inbox for processes with links to other hosts; nil when all stages are on one.
    public let acrossHosts: String?

    public init(local: String, acrossHosts: String? = nil) {
        self.local = local
        self.acrossHosts = acrossHosts
    }

    func write(to header: inout Header) {
        header.replyTo = local
        header.replyToHosts = acrossHosts ?? ""
    }
}

extension Header {
    /// Where the answer goes: custom stages, which have no links to other hosts, know the local inbox alone.
    public func answerEndpoint(hasNetwork: Bool) -> String {
        hasNetwork && !replyToHosts.isEmpty ? replyToHosts : replyTo
    }
}
