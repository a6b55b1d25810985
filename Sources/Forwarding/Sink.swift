import Configuration

/// Events that are sent together.
struct EventBatch {
    var events: [ForwardedEvent] = []
    /// How far the sink has come once they are accepted.
    var checkpoint: ForwardingProgress
}

/// One receiver. Used by one thread.
protocol Sink: AnyObject {
    /// Most events of a batch.
    var batch: Int { get }
    /// Whether further batches may be sent before those sent are accepted.
    var takesMore: Bool { get }
    /// Sends the events. What was sent before a failure and is not accepted is sent again afterwards.
    func send(_ events: [ForwardedEvent]) throws(ForwardError)
    /// How many of the oldest batches that were sent, and that no former call named, are accepted. Waits for nothing.
    func accepted() throws(ForwardError) -> Int
    /// Drops the connection: what was not accepted will be sent again.
    func reset()
    /// There will be no more: asks for what is still to be accepted. Called again and again until ``accepted()`` named all.
    func finish() throws(ForwardError)
}

extension Sink {
    var takesMore: Bool { false }
    func finish() throws(ForwardError) {}
}

extension ForwardSink {
    /// - Parameter withheld: names in the environment that a sink's own program does not see.
    func make(withheld: Set<String>) throws(ForwardError) -> any Sink {
        switch kind {
        case .syslog(let settings):
            switch settings.transport {
            case .tls, .tcp: try SyslogStreamSink(settings)
            case .udp: SyslogDatagramSink(settings)
            }
        case .webhook(let settings): try WebhookSink(settings)
        case .command(let settings): CommandSink(settings, withheld: withheld)
        }
    }
}
