@testable import Bus
import CZeroMQ
import Contract
import Foundation
import SwiftProtobuf
import Testing

/// A bus directory of its own, short enough for socket paths; removed with the value.
final class TemporaryBus {
    /// One for the test process: contexts are never closed.
    static let context = Result { try BusContext() }

    let directory: String
    let context: BusContext
    /// What the trails of a process share.
    let budget = AuditBudget(limit: 256 << 20)

    init() throws {
        directory = "/tmp/sb-" + UUID().uuidString.prefix(8)
        context = try Self.context.get()
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        // A socket's name may go while the directory is being removed.
        for _ in 0..<10 where FileManager.default.fileExists(atPath: directory) {
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    func endpoint(_ stage: String, _ replica: String) -> String { "ipc://\(directory)/\(stage)/\(replica)" }

    func inbox(_ stage: String, _ replica: String = "0") throws -> Inbox {
        try FileManager.default.createDirectory(atPath: "\(directory)/\(stage)", withIntermediateDirectories: true)
        return try Inbox(context: context, endpoint: endpoint(stage, replica))
    }

    func links() -> Links { Links(context: context, directory: directory) }

    /// Links that are connected to these inboxes.
    func links(to inboxes: Inbox...) throws -> Links {
        let links = links()
        for inbox in inboxes {
            #expect(try links.waitWritable(endpoint: inbox.endpoint, milliseconds: 10_000), "\(inbox.endpoint)")
        }
        return links
    }
}

extension Inbox {
    /// The next message, which must come within ten seconds.
    func next(_ location: SourceLocation = #_sourceLocation) throws -> BusMessage {
        try #require(wait(milliseconds: 10_000), "no message came", sourceLocation: location)
        return try #require(try receive(), sourceLocation: location)
    }

    /// Whether nothing is here after what was sent before has had its chance to arrive: `marker` is sent behind it.
    func isEmpty(behind marker: BusMessage, from links: Links) throws -> Bool {
        try links.sendSurely(marker, to: endpoint)
        return try next().header.session == marker.header.session
    }
}

extension Link {
    /// Waits until a message can be queued, up to `milliseconds`.
    func waitWritable(milliseconds: Int) -> Bool {
        var item = zmq_pollitem_t(socket: socket, fd: 0, events: Int16(ZMQ_POLLOUT), revents: 0)
        return zmq_poll(&item, 1, milliseconds) > 0
    }
}

extension Links {
    /// Waits up to `milliseconds` for room towards `endpoint`.
    func waitWritable(endpoint: String, milliseconds: Int) throws -> Bool {
        try link(toInbox: endpoint)?.waitWritable(milliseconds: milliseconds) ?? false
    }

    func sendSurely(_ message: BusMessage, to endpoint: String) throws {
        for _ in 0..<1000 {
            if case .queued = try send(message, to: .inbox(endpoint)) { return settled(endpoint: endpoint) }
            _ = try waitWritable(endpoint: endpoint, milliseconds: 10)
        }
        Issue.record("no room towards \(endpoint)")
    }
}

extension SendResult {
    var endpoint: String? {
        switch self {
        case .queued(let endpoint): endpoint
        case .unavailable, .noInbox: nil
        }
    }
}

/// Whether `condition` holds within ten seconds.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<1000 {
        if try condition() { return true }
        usleep(10_000)
    }
    return try condition()
}

/// Collects what handlers are told.
final class Box<Value> {
    var values: [Value] = []
}

func message(_ kind: Kind = .judge, session: String = "s", sequence: UInt64 = 1, payload: [UInt8] = []) -> BusMessage {
    var header = Header()
    header.kind = kind
    header.session = session
    header.sequence = sequence
    return BusMessage(header: header, payload: payload)
}

func reply<Body: SwiftProtobuf.Message>(
    _ kind: Kind, _ body: Body, session: String = "s", sequence: UInt64 = 1
) throws -> BusMessage {
    var message = message(kind, session: session, sequence: sequence)
    message.body = try body.serializedBytes()
    return message
}

func failureCode(_ work: () throws -> Void) -> BusError.Code? {
    do {
        try work()
        return nil
    } catch {
        return (error as? BusError)?.code
    }
}
