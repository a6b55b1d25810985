import Contract
import Glibc

/// Where a message goes among the replicas of the next stage.
public enum Destination: Sendable {
    /// The live replica with the least outstanding work.
    case anyReplica(of: String)
    /// Always the same replica for one key, as long as the set of replicas stays (rendezvous hashing).
    case pinned(stage: String, key: String)
    /// One inbox, by endpoint: the lane's end.
    case inbox(String)
}

/// What became of a message handed to ``Links/send(_:to:)``.
public enum SendResult: Sendable {
    case queued(endpoint: String)
    /// Every replica is full or away: try again, or push back.
    case unavailable
}

/// One sender's sockets: one `PUSH` per replica of each stage it talks to. Owned by one thread or event loop.
///
/// The file system is the registry: replica `r` of stage `s` binds `<bus>/s/r`.
public final class Links {
    /// Reply endpoints kept open; the longest unused is closed beyond this.
    static let maximumReplyLinks = 64
    /// How often the registry is read again, nanoseconds.
    static let registryInterval: UInt64 = 250_000_000

    private let context: BusContext
    /// The bus directory, an absolute path.
    public let directory: String
    private var links: [String: Link] = [:]
    private var replyOrder: [String] = []
    private var replicas: [String: (endpoints: [String], readAt: UInt64)] = [:]
    private var outstanding: [String: Int] = [:]
    private var turn = 0

    public init(context: BusContext, directory: String) {
        self.context = context
        self.directory = directory
    }

    /// Queues `message` without waiting.
    public func send(_ message: BusMessage, to destination: Destination) throws(BusError) -> SendResult {
        let header = try message.encodedHeader()
        for endpoint in candidates(for: destination) {
            let link = try link(to: endpoint)
            if try link.send(header: header, body: message.body, payload: message.payload) {
                outstanding[endpoint, default: 0] += 1
                return .queued(endpoint: endpoint)
            }
        }
        return .unavailable
    }

    /// Waits up to `milliseconds` for room towards `endpoint`.
    func waitWritable(endpoint: String, milliseconds: Int) throws(BusError) -> Bool {
        try link(to: endpoint).waitWritable(milliseconds: milliseconds)
    }

    /// Tells that a message queued to `endpoint` was answered or given up.
    public func settled(endpoint: String) {
        guard let count = outstanding[endpoint] else { return }
        outstanding[endpoint] = max(0, count - 1)
    }

    /// Opens links to every replica of `stage` ahead of the first message.
    public func prepare(stage: String) throws(BusError) {
        for endpoint in endpoints(of: stage) { _ = try link(to: endpoint) }
    }

    private func candidates(for destination: Destination) -> [String] {
        switch destination {
        case .inbox(let endpoint):
            // Replies go to inboxes of this bus only, whatever a message asks for.
            return isInbox(endpoint) ? [endpoint] : []
        case .pinned(let stage, let key):
            return endpoints(of: stage).max { Self.weight($0, key) < Self.weight($1, key) }.map { [$0] } ?? []
        case .anyReplica(let stage):
            let all = endpoints(of: stage)
            guard all.count > 1 else { return all }
            turn &+= 1
            let rotated = all.indices.map { all[($0 + turn) % all.count] }
            return rotated.sorted { outstanding[$0, default: 0] < outstanding[$1, default: 0] }
        }
    }

    /// Whether `endpoint` is `<bus>/stage/replica`, without a step out of the directory.
    private func isInbox(_ endpoint: String) -> Bool {
        let prefix = "ipc://\(directory)/"
        guard endpoint.hasPrefix(prefix) else { return false }
        let parts = endpoint.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
    }

    private func endpoints(of stage: String) -> [String] {
        let now = monotonicNanoseconds()
        if let known = replicas[stage], now - known.readAt < Self.registryInterval { return known.endpoints }
        let folder = "\(directory)/\(stage)"
        let endpoints = directoryEntries(folder).sorted().map { "ipc://\(folder)/\($0)" }
        for gone in Set(replicas[stage]?.endpoints ?? []).subtracting(endpoints) {
            links[gone] = nil
            outstanding[gone] = nil
            replyOrder.removeAll { $0 == gone }
        }
        replicas[stage] = (endpoints, now)
        return endpoints
    }

    private func link(to endpoint: String) throws(BusError) -> Link {
        if let link = links[endpoint] { return link }
        let link = try Link(context: context, endpoint: endpoint)
        links[endpoint] = link
        replyOrder.append(endpoint)
        if replyOrder.count > Self.maximumReplyLinks {
            let oldest = replyOrder.removeFirst()
            links[oldest] = nil
            outstanding[oldest] = nil
        }
        return link
    }

    /// FNV-1a over endpoint and key, finished with an avalanche: the same on every process and run.
    static func weight(_ endpoint: String, _ key: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in endpoint.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        return hash ^ (hash >> 33)
    }
}

/// Monotonic time, nanoseconds.
public func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Unix time, milliseconds.
public func unixMilliseconds() -> UInt64 { unixMicroseconds() / 1000 }

/// Unix time, microseconds.
public func unixMicroseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
}

func directoryEntries(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names
}
