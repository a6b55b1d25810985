import Foundation
import TestKit

/// What the processes hold when nothing is under way: before the faults, and after them.
struct ChaosResidue: Sendable {
    /// Descriptors of a link to another process: what it comes in by, and what answers go out by with ZeroMQ's wake-up. A
    /// link opens when it is needed first, which the quiet before the faults may not have done.
    static let perLink = 3
    /// Other descriptors, of files and pipes, that a process may hold more than one of its stage did before.
    static let furtherFiles = 2
    /// Memory that a process may keep more than one of its stage did before, KiB: what the allocator does not give
    /// back of the largest replies under way at once.
    static let furtherResident = 192 << 10

    /// Most of one process, by stage: descriptors of links, other ones, resident KiB.
    let links: [String: Int]
    let files: [String: Int]
    let resident: [String: Int]

    static func measured(_ rig: ChaosRig) async throws -> ChaosResidue {
        var links: [String: Int] = [:]
        var files: [String: Int] = [:]
        var resident: [String: Int] = [:]
        for process in try await rig.gateway.stages() {
            guard let pid = process.pid, let figures = ProcessFigures(of: pid) else {
                throw TestKitError("\(process.stage) is not there")
            }
            links[process.stage] = max(links[process.stage] ?? 0, figures.links)
            files[process.stage] = max(files[process.stage] ?? 0, figures.descriptors - figures.links)
            resident[process.stage] = max(resident[process.stage] ?? 0, figures.resident)
        }
        return ChaosResidue(links: links, files: files, resident: resident)
    }

    /// What is more now than it was, or is there and belongs to nobody.
    func growth(_ rig: ChaosRig) async throws -> [String] {
        let processes = try await rig.gateway.stages()
        let now = try await Self.measured(rig)
        var problems = processes.filter { $0.state != "ready" }.map { "\($0.stage).\($0.replica) is \($0.state)" }
        let inboxes = try FileManager.default.contentsOfDirectory(atPath: rig.bus).flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: rig.bus + "/" + folder)
        }
        for (stage, count) in now.links where count > links[stage, default: 0] + Self.perLink * inboxes.count {
            problems.append("\(stage): \(count) descriptors of links, \(links[stage, default: 0]) before")
        }
        for (stage, count) in now.files where count > files[stage, default: 0] + Self.furtherFiles {
            problems.append("\(stage): \(count) files, \(files[stage, default: 0]) before")
        }
        for (stage, size) in now.resident where size > resident[stage, default: 0] + Self.furtherResident {
            problems.append("\(stage): \(size) KiB, \(resident[stage, default: 0]) before")
        }
        let listed = Set(processes.compactMap(\.pid))
        for pid in ProcessFigures.stages(ofBus: rig.bus).subtracting(listed) {
            problems.append("process \(pid) belongs to nobody")
        }
        for folder in try FileManager.default.contentsOfDirectory(atPath: rig.bus) {
            let sockets = Set(try FileManager.default.contentsOfDirectory(atPath: rig.bus + "/" + folder))
            let replicas = Set(processes.filter { $0.stage == folder }.map { "\($0.replica)" })
            if sockets != replicas { problems.append("bus/\(folder): \(sockets.sorted()), \(replicas.sorted()) run") }
        }
        return problems
    }
}
