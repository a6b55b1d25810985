import Configuration
import Foundation
import Glibc

/// `sluice up`: runs every stage of one installation, in the foreground, until it is told to stop.
///
/// It may touch the state and run directories, start the stages' programs and signal them; no traffic passes
/// through it. When it is killed the stages notice that their lifeline closed and end. When a stage cannot start
/// it stops the others and says why.
public struct Supervisor {
    private let configuration: Configuration
    private let programs: String
    private let entries: [String: StageTable.Entry]
    private let notify: NotifySocket
    private let signals: Signals
    private let lifeline: PipeEnds
    private var fleet: Fleet
    private var children: [Int: Child] = [:]
    private var result: Result?

    /// How the run ended.
    public enum Result: Sendable, Equatable {
        case stopped
        /// A stage could not start; the text says which and why.
        case failed(String)
    }

    /// Takes the installation and prepares its directories and keys. `programs`: the folder of the stages' programs.
    /// The configuration's folder becomes the working directory.
    public init(configuration: Configuration, programs: String) throws(SupervisorError) {
        umask(0o077)
        self.configuration = configuration
        self.programs = programs
        let order = configuration.stages.startOrder
        entries = Dictionary(uniqueKeysWithValues: order.map { ($0.name, $0) })
        fleet = Fleet(order.map { ($0.name, $0.replicas) })
        try Self.guardDescriptors()
        try Directories.prepare(configuration.state, stages: order.map(\.name))
        try Directories.lock(configuration.state)
        try Orphans.end(configuration.state)
        Directories.removeAllSockets(configuration.state)
        notify = try NotifySocket(path: configuration.state.notifySocket)
        signals = try Signals()
        lifeline = try PipeEnds(blocking: true)
        guard chdir(configuration.folder) == 0 else { throw .system("enter \(configuration.folder)") }
    }

    /// The folder of the program that runs now; the stages' programs stand beside it.
    public static func programFolder() throws(SupervisorError) -> String {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let slash = path.lastIndex(of: "/")
        else { throw .system("find the running program") }
        return String(path[..<slash])
    }

    /// Runs until everything has stopped.
    public mutating func run() -> Result {
        perform(fleet.start(now: now()))
        while result == nil {
            waitForEvents()
            readChildren()
            for notification in notify.receive() { handle(notification) }
            for signal in Set(signals.receive()).sorted() { handle(signal: signal) }
            perform(fleet.tick(now: now()))
        }
        notify.close()
        unlink(configuration.state.statusFile)
        return result ?? .stopped
    }

    // MARK: - Events

    private func waitForEvents() {
        var polled = [signals.reader, notify.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        for child in children.values {
            for descriptor in [child.output.descriptor, child.errors.descriptor] where descriptor >= 0 {
                polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            }
        }
        var timeout: Int32 = -1
        if let deadline = fleet.nextDeadline {
            let current = now()
            timeout = deadline > current ? Int32(clamping: deadline - current) : 0
        }
        _ = poll(&polled, nfds_t(polled.count), timeout)
    }

    private mutating func readChildren() {
        for index in children.keys.sorted() {
            for line in children[index]?.readLines() ?? [] { print("\(fleet.members[index].label) | \(line)") }
        }
    }

    private mutating func handle(_ notification: Notification) {
        let group = getpgid(notification.mainPID)
        guard let index = children.first(where: { $0.value.pid == notification.mainPID || $0.value.pid == group })?.key
        else { return }
        if notification.isReady { perform(fleet.becameReady(index, status: notification.status, now: now())) }
    }

    private mutating func handle(signal: Int32) {
        switch signal {
        case SIGCHLD:
            for index in children.keys.sorted() {
                guard let exit = children[index]?.reap(), var child = children.removeValue(forKey: index) else {
                    continue
                }
                for line in child.finish() { print("\(fleet.members[index].label) | \(line)") }
                perform(fleet.exited(index, exit, lastLines: child.lastLines, now: now()))
            }
        case SIGHUP:
            say("reloading")
            for child in children.values { child.signal(SIGHUP) }
        default:
            say(fleet.isStopping ? "stopping faster" : "draining and stopping; once more to hurry")
            perform(fleet.stop(now: now()))
        }
    }

    // MARK: - Actions

    private mutating func perform(_ actions: [Fleet.Action]) {
        guard !actions.isEmpty else { return }
        var queue = actions[...]
        while let action = queue.popFirst() {
            switch action {
            case .spawn(let index): queue.insert(contentsOf: spawn(index), at: queue.startIndex)
            case .terminate(let index): children[index]?.signalGroup(SIGTERM)
            case .kill(let index): children[index]?.signalGroup(SIGKILL)
            case .say(let index, let text): say("\(fleet.members[index].label) \(text)")
            case .ready(let status): announce(status)
            case .finished(let reason): result = reason.map { .failed($0) } ?? .stopped
            }
        }
        do {
            try Status(fleet.members).write(configuration.state)
        } catch {
            say("status file: \(error)")
        }
    }

    private mutating func spawn(_ index: Int) -> [Fleet.Action] {
        let member = fleet.members[index]
        guard let entry = entries[member.stage] else { return [] }
        Directories.removeSockets(configuration.state, stage: member.stage, replica: member.replica)
        do throws(SupervisorError) {
            let child = try Child(program(of: entry, replica: member.replica), lifeline: lifeline.reader)
            children[index] = child
            return fleet.spawned(index, pid: child.pid)
        } catch {
            return fleet.spawnFailed(index, reason: error.message, now: now())
        }
    }

    func program(of entry: StageTable.Entry, replica: Int) -> Child.Program {
        let arguments =
            entry.custom?.command
            ?? ["\(programs)/sluice-\(entry.name)", "--config", configuration.file, "--replica", "\(replica)"]
        return Child.Program(
            arguments: arguments,
            environment: Self.environment(
                of: entry.name, replica: replica, configuration: configuration,
                inherited: ProcessInfo.processInfo.environment))
    }

    /// What a stage sees: our environment without secrets, which only Ingress gets, and its own place.
    static func environment(
        of stage: String, replica: Int, configuration: Configuration, inherited: [String: String]
    ) -> [String: String] {
        var result = inherited.filter { !$0.key.hasPrefix("SLUICE_") }
        if stage != BuiltInStage.ingress.rawValue {
            for name in configuration.secretEnvironmentNames { result[name] = nil }
        }
        result["SLUICE_STAGE"] = stage
        result["SLUICE_REPLICA"] = "\(replica)"
        result["SLUICE_BUS"] = configuration.state.bus
        result["SLUICE_KEY_FILE"] = configuration.state.key(stage: stage)
        result[StateDirectory.keysVariable] = configuration.state.keys
        result["SLUICE_LIFELINE_FD"] = "\(Child.lifelineDescriptor)"
        result["NOTIFY_SOCKET"] = configuration.state.notifySocket
        return result
    }

    private func announce(_ status: String?) {
        let listeners = configuration.listeners.map { "\($0.protocolName) on \($0.description)" }.joined(
            separator: ", ")
        print("ready: \(listeners)\(status.map { "; \($0)" } ?? "")")
    }

    private func say(_ text: String) {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
        print("\(clock.joined(separator: ":")) \(text)")
    }

    private func print(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            offset += count
        }
    }

    private func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    /// Children get descriptors 0 to 3 by dup2, so none of ours may have these numbers, and none that we inherited
    /// may reach them.
    private static func guardDescriptors() throws(SupervisorError) {
        while true {
            let file = open("/dev/null", O_RDWR | O_CLOEXEC)
            guard file >= 0 else { throw .system("open /dev/null") }
            if file > Child.lifelineDescriptor {
                close(file)
                break
            }
        }
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap({ Int32($0) }) where descriptor > Child.lifelineDescriptor - 1 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
