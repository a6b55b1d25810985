extension Links {
    /// The inboxes that processes of `stage` have on this host now, read from the registry. Names with dots are sockets
    /// that stand beside an inbox.
    public func inboxes(of stage: String) -> [String] {
        let folder = "\(directory)/\(stage)"
        return directoryEntries(folder).filter { !$0.contains(".") }.sorted().map { "ipc://\(folder)/\($0)" }
    }
}
