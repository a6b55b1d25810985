extension Links {
    /// One replica and the socket towards it.
    final class Peer {
        let stage: String
        let endpoint: String
        let number: UInt32
        /// What its pongs carry: nobody else knows it.
        let pingSequence: UInt64
        var link: Link
        var name: String?
        var outstanding = 0
        /// Messages it said that it has, and those sent to it since it was asked.
        var queued = 0
        var sent = 0
        /// `sent` when it was pinged last.
        var sentAtPing = 0
        /// When it left the registry.
        var retiredAt: UInt64?

        init(stage: String, endpoint: String, number: UInt32, pingSequence: UInt64, link: Link) {
            self.stage = stage
            self.endpoint = endpoint
            self.number = number
            self.pingSequence = pingSequence
            self.link = link
        }
    }
}
