import Foundation
import TestKit

/// What the processes hold when nothing is under way: before the faults, and after them.
struct ChaosResidue: Sendable {
    /// Descriptors that a process may hold more than one of its stage did before: links to peers that it had not
    /// needed yet.
    static let furtherDescriptors = 4
    /// Memory that a process may keep more than one of its stage did before, KiB: what the allocator does not give
    /// back of the largest replies under way at once.
    static let furtherResident = 192 << 10

    /// Most descriptors and resident KiB of one process, by stage.
    let descriptors: [String: Int]
    let resident: [String: Int]

    static func measured(_ rig: ChaosRig) async throws -> ChaosResidue {
        var descriptors: [String: Int] = [:]
        var resident: [String: Int] = [:]
        for process in try await rig.gateway.stages() {
            guard let pid = process.pid, let figures = ProcessFigures(of: pid) else {
                throw TestKitError("\(process.stage) is not there")
            }
            descriptors[process.stage] = max(descriptors[process.stage] ?? 0, figures.descriptors)
            resident[process.stage] = max(resident[process.stage] ?? 0, figures.resident)
        }
        return ChaosResidue(descriptors: descriptors, resident: resident)
    }

    /// What is more now than it was, or is there and belongs to nobody.
    func growth(_ rig: ChaosRig) async throws -> [String] {
        let processes = try await rig.gateway.stages()
        let now = try await Self.measured(rig)
        var problems = processes.filter { $0.state != "ready" }.map { "\($0.stage).\($0.replica) is \($0.state)" }
        for (stage, count) in now.descriptors where count > descriptors[stage, default: 0] + Self.furtherDescriptors {
            problems.append("\(stage): \(count) descriptors, \(descriptors[stage, default: 0]) before")
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
