/// How one process takes part in a bus that spans hosts: where it listens itself, where others do, who may link to whom.
public struct NetworkPlan: Sendable, Equatable {
    /// A host and the ports on which replicas listen there, one each; unused ones are just not connected.
    public struct Place: Sendable, Hashable {
        /// An address, IPv6 without brackets, or a name whose every address has replicas.
        public let host: String
        public let ports: ClosedRange<Int>

        public init(host: String, ports: ClosedRange<Int>) {
            self.host = host
            self.ports = ports
        }
    }

    /// Folder of the links' keys.
    public let keys: String
    /// Where this process binds its second inbox, at the first free port; nil when it has local senders only.
    public let listen: Place?
    /// The host under which others reach ``listen``, when that is every address of the host.
    public let advertise: String?
    /// Where replicas of each stage are on other hosts.
    public let remote: [String: [Place]]
    /// Further places whose inboxes answers may go to: where stages of this host listen.
    public let inboxes: [String: [Place]]
    public let permitted: PermittedLinks

    public init(
        keys: String, listen: Place?, advertise: String?, remote: [String: [Place]], inboxes: [String: [Place]] = [:],
        permitted: PermittedLinks
    ) {
        self.keys = keys
        self.listen = listen
        self.advertise = advertise
        self.remote = remote
        self.inboxes = inboxes
        self.permitted = permitted
    }

    /// `tcp://host:port`, an IPv6 address in brackets.
    static func endpoint(host: String, port: Int) -> String {
        "tcp://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
    }
}
