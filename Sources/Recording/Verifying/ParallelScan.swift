import Dispatch
import Synchronization

/// Scans segments on all processors. Each thread reads the next one in turn.
func scan(_ tasks: [SegmentScan.Task], threads: Int) -> [SegmentScan] {
    guard tasks.count > 1, threads > 1 else { return tasks.map { SegmentScan($0) } }
    let next = Atomic(0)
    let found = Mutex<[Int: SegmentScan]>([:])
    DispatchQueue.concurrentPerform(iterations: min(threads, tasks.count)) { _ in
        while true {
            let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard place < tasks.count else { return }
            let scanned = SegmentScan(tasks[place])
            found.withLock { $0[place] = scanned }
        }
    }
    return found.withLock { all in tasks.indices.compactMap { all[$0] } }
}
