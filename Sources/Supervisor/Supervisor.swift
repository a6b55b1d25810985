import Configuration
import Foundation
import Glibc
import Telemetry

extension Fleet.Stage {
    init(_ entry: StageTable.Entry) {
        self.init(
            name: entry.name, replicas: entry.replicas,
            bounds: entry.bounds, soleReason: entry.soleReason)
    }
}

/// `sluice up`: runs every stage of one installation, in the foreground, until it is told to stop.
///
/// It may touch the state and run directories, start the stages' programs and signal them. It binds the addresses that
/// clients connect to and hands them to Ingress, but accepts nothing: no traffic passes through it. Commands come over
/// a socket that only its own user and root may use. When it is killed the stages notice that their lifeline closed
/// and end. When a stage cannot start at first, it stops the others and says why.
public struct Supervisor {
    private let configuration: Configuration
    private let programs: String
    private let entries: [String: StageTable.Entry]
    private let notify: NotifySocket
    private let signals: Signals
    private let lifeline: PipeEnds
    private let log: SupervisorLog
    private let monitor: SupervisorMonitor
    private var output: OutputQueue
    private var control: ControlSocket
    /// Held open all the time; empty when Ingress runs elsewhere, and once everything stops.
    private var listening: [ListeningSocket] = []
    private var fleet: Fleet
    private var children: [Int: Child] = [:]
    /// Who asked for the command under way.
    private var asking: Int?
    private var result: Result?

    /// Longest wait for events, milliseconds: a supervisor that makes no turn is stuck, as its metrics say.
    private static let longestWait: Int32 = 1000
    /// How long the last lines may take to be read, milliseconds.
    private static let lastLinesMilliseconds: UInt64 = 1000

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
        let log = SupervisorLog(style: configuration.log)
        self.log = log
        let order = configuration.startOrder
        entries = Dictionary(uniqueKeysWithValues: order.map { ($0.name, $0) })
        fleet = Fleet(
            order.map { Fleet.Stage($0) }, drainMilliseconds: UInt64(configuration.limits.drainSeconds) * 1000)
        try Self.guardDescriptors(listeners: configuration.listeners.count)
        output = OutputQueue(NonblockingOutput(STDOUT_FILENO)) {
            log.own("\($0) lines are missing here: nobody read the output")
        }
        try Directories.lock(configuration.state)
        try Directories.prepare(
            configuration.state, stages: configuration.stages.startOrder.map(\.name),
            custom: configuration.stages.custom.map(\.name))
        try Orphans.end(configuration.state)
        Directories.removeAllSockets(configuration.state)
        notify = try NotifySocket(path: configuration.state.notifySocket)
        signals = try Signals()
        lifeline = try PipeEnds(blocking: true)
        monitor = try SupervisorMonitor(state: configuration.state, listener: configuration.metrics)
        control = try ControlSocket(path: configuration.state.controlSocket)
        if entries[BuiltInStage.ingress.rawValue]?.replicas ?? 0 > 0 {
            for listener in configuration.listeners { listening.append(try ListeningSocket(listener)) }
        }
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
            monitor.beat()
            waitForEvents()
            readChildren()
            for notification in notify.receive() { handle(notification) }
            for signal in Set(signals.receive()).sorted() { handle(signal: signal) }
            for request in control.turn(now: now()) { handle(request) }
            perform(fleet.tick(now: now()))
            output.flush()
        }
        control.close()
        notify.close()
        do {
            try monitor.close()
        } catch {
            say("\(error)")
        }
        unlink(configuration.state.statusFile)
        output.finish(milliseconds: Self.lastLinesMilliseconds)
        return result ?? .stopped
    }

    // MARK: - Events

    private func waitForEvents() {
        var polled = [signals.reader, notify.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        polled += control.polled
        if let waiting = output.polled { polled.append(waiting) }
        for child in children.values {
            for descriptor in [child.output.descriptor, child.errors.descriptor] where descriptor >= 0 {
                polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            }
        }
        var timeout = Self.longestWait
        if let deadline = [fleet.nextDeadline, control.nextDeadline].compactMap({ $0 }).min() {
            let current = now()
            timeout = deadline > current ? min(Int32(clamping: deadline - current), timeout) : 0
        }
        _ = poll(&polled, nfds_t(polled.count), timeout)
    }

    private mutating func readChildren() {
        let now = now()
        for index in children.keys.sorted() {
            guard let lines = children[index]?.readLines(),
                let (leftOut, passed) = children[index]?.limit.take(lines, now: now)
            else { continue }
            passOn(passed, leftOut: leftOut, of: index)
        }
    }

    private mutating func handle(_ notification: Notification) {
        let group = getpgid(notification.mainPID)
        guard let index = children.first(where: { $0.value.pid == notification.mainPID || $0.value.pid == group })?.key
        else { return }
        if notification.isReady { perform(fleet.becameReady(index, status: notification.status, now: now())) }
        if notification.isStopping { perform(fleet.saidStopping(index, status: notification.status, now: now())) }
    }

    private mutating func handle(_ request: ControlSocket.Request) {
        do throws(SupervisorError) {
            let command = try ControlRequest.decode(request.line)
            if case .restart(let stages, let programs?) = command { try check(programs, stages: stages) }
            let actions = try fleet.begin(command, now: now())
            say("asked to \(command)")
            asking = request.client
            perform(actions)
        } catch {
            control.send(.failed(error.message), to: request.client)
        }
    }

    /// Every program that will be started must be there before anything is stopped.
    private func check(_ programs: String, stages: [String]?) throws(SupervisorError) {
        for entry in entries.values where entry.custom == nil && entry.replicas > 0 {
            guard stages?.contains(entry.name) ?? true else { continue }
            let path = Self.program(of: entry.name, in: programs)
            guard access(path, X_OK) == 0 else { throw .system("run \(path)") }
        }
    }

    private mutating func handle(signal: Int32) {
        switch signal {
        case SIGCHLD:
            for index in children.keys.sorted() {
                guard let exit = children[index]?.reap(), var child = children.removeValue(forKey: index) else {
                    continue
                }
                let (leftOut, passed) = child.limit.take(child.finish(), now: now())
                passOn(passed, leftOut: leftOut, of: index)
                passOn([], leftOut: child.limit.leftOut, of: index)
                if let member = fleet.members[index], !member.role.isStaying {
                    // Nobody comes back under this number soon: senders need not wait for it.
                    Directories.removeSockets(configuration.state, stage: member.stage, replica: member.replica)
                }
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

    /// Once everything stops, clients are refused at once instead of waiting for nobody.
    private mutating func closeListeners() {
        for socket in listening { close(socket.descriptor) }
        listening = []
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
            case .handOver(let index): children[index]?.signal(SIGUSR2)
            case .say(let label, let text): say("\(label) \(text)")
            case .ready(let status): announce(status)
            case .answer(let answer): tell(answer)
            case .finished(let reason): result = reason.map { .failed($0) } ?? .stopped
            }
        }
        if fleet.isStopping {
            closeListeners()
            monitor.beganStopping()
        }
        do {
            let status = Status(fleet.ordered)
            monitor.update(status)
            try status.write(configuration.state)
        } catch {
            say("status file: \(error)")
        }
    }

    private mutating func spawn(_ index: Int) -> [Fleet.Action] {
        guard let member = fleet.members[index], let entry = entries[member.stage] else { return [] }
        Directories.removeSockets(configuration.state, stage: member.stage, replica: member.replica)
        do throws(SupervisorError) {
            let child = try Child(program(of: entry, member), lifeline: lifeline.reader)
            children[index] = child
            return fleet.spawned(index, pid: child.pid)
        } catch {
            return fleet.spawnFailed(index, reason: error.message, now: now())
        }
    }

    /// Tells who asked, and the log, what came of a command.
    private mutating func tell(_ answer: ControlAnswer) {
        if let asking { control.send(answer, to: asking) }
        guard answer.event.isLast else { return }
        say(answer.description)
        asking = nil
    }

    private func program(of entry: StageTable.Entry, _ member: Fleet.Member) -> Child.Program {
        let listeners = entry.name == BuiltInStage.ingress.rawValue ? listening : []
        var environment = Self.environment(
            of: entry.name, replica: member.replica, configuration: configuration,
            inherited: ProcessInfo.processInfo.environment)
        environment["SLUICE_LIFELINE_FD"] = "\(Child.lifelineDescriptor(listeners: listeners.count))"
        if !listeners.isEmpty {
            // The protocol of sd_listen_fds(3). LISTEN_PID is left out: the child's number is not known before it runs.
            environment["LISTEN_FDS"] = "\(listeners.count)"
            environment["LISTEN_FDNAMES"] = listeners.map(\.name).joined(separator: ":")
        }
        let path = Self.program(of: entry.name, in: member.programs ?? programs)
        return Child.Program(
            arguments: entry.custom?.command ?? [
                path, "--config", configuration.file, "--replica", "\(member.replica)",
            ],
            environment: environment, listeners: listeners.map(\.descriptor))
    }

    private static func program(of stage: String, in folder: String) -> String { "\(folder)/sluice-\(stage)" }

    /// What a stage sees: our environment without others' secrets, and its own place.
    static func environment(
        of stage: String, replica: Int, configuration: Configuration, inherited: [String: String]
    ) -> [String: String] {
        var result = inherited.filter { !$0.key.hasPrefix("SLUICE_") && !$0.key.hasPrefix("LISTEN_") }
        for name in configuration.foreignSecretNames(of: stage) { result[name] = nil }
        // Memory holds commands and replies: a crash's backtrace would show them.
        if result["SWIFT_BACKTRACE"] == nil { result["SWIFT_BACKTRACE"] = "enable=no" }
        result["SLUICE_STAGE"] = stage
        result["SLUICE_REPLICA"] = "\(replica)"
        result["SLUICE_BUS"] = configuration.state.bus
        result["SLUICE_KEY_FILE"] = configuration.state.key(stage: stage)
        result[StateDirectory.keysVariable] = configuration.state.keys
        result["SLUICE_LOG"] = configuration.log.rawValue
        result["NOTIFY_SOCKET"] = configuration.state.notifySocket
        if configuration.stages.custom.contains(where: { $0.name == stage }) {
            result["SLUICE_STATE_DIR"] = configuration.state.folder(stage: stage)
        }
        return result
    }

    private mutating func announce(_ status: String?) {
        let listeners = configuration.listeners.map { "\($0.protocolName) on \($0.description)" }
        let stages = Set(fleet.ordered.map(\.stage)).sorted()
        let what = listening.isEmpty ? stages : listeners
        monitor.becameReady()
        output.add(log.announcement("ready: \(what.joined(separator: ", "))\(status.map { "; \($0)" } ?? "")"))
    }

    private mutating func say(_ text: String) { output.add(log.own(text)) }

    /// `leftOut`: lines before these that are not passed on.
    private mutating func passOn(_ lines: ArraySlice<String>, leftOut: Int, of index: Int) {
        guard let member = fleet.members[index] else { return }
        if leftOut > 0 {
            say("\(member.label) \(leftOut) lines left out: it wrote more than \(LineLimit.perSecond) in a second")
        }
        for line in lines { output.add(log.passOn(line, of: member.stage, replica: member.replica)) }
    }

    private func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    /// Children get their first descriptors by dup2, so none of ours may have these numbers, and none that we
    /// inherited may reach them.
    private static func guardDescriptors(listeners: Int) throws(SupervisorError) {
        let last = Child.lifelineDescriptor(listeners: listeners)
        while true {
            let file = open("/dev/null", O_RDWR | O_CLOEXEC)
            guard file >= 0 else { throw .system("open /dev/null") }
            if file > last {
                close(file)
                break
            }
        }
        Child.closeOnExec()
    }
}
