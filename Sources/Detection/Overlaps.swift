extension [Finding] {
    /// Makes the findings from `first` on ascending and free of overlaps.
    ///
    /// Each byte belongs to the longest finding over it; of equally long ones to the surest, then to the one whose entity
    /// comes later in ``Entity/all`` (what a key says about its value beats what the value looks like). A finding that
    /// overlaps a longer one keeps its other bytes, so that none that some detector found is left out. Each is told of all
    /// that overlaps it, and what overlaps that.
    mutating func resolveOverlaps(from first: Int) {
        guard count > first + 1 else { return }
        self[first...].sort { $0.range.lowerBound < $1.range.lowerBound }
        guard (first + 1..<count).contains(where: { self[$0].range.lowerBound < self[$0 - 1].range.upperBound }) else {
            return
        }
        var owned: [Finding] = []
        var open = RankedFindings()
        var latest: Finding?
        var next = first
        var position = self[first].range.lowerBound
        while next < count || !open.isEmpty {
            while next < count, self[next].range.lowerBound <= position {
                open.insert(self[next])
                next += 1
            }
            while let best = open.best, best.range.upperBound <= position { open.removeBest() }
            guard let owner = open.best else {
                if next < count { position = self[next].range.lowerBound }
                continue
            }
            var end = owner.range.upperBound
            if next < count { end = Swift.min(end, self[next].range.lowerBound) }
            let goesOn = owner == latest && owned.last?.range.upperBound == position
            let start = goesOn ? owned.removeLast().range.lowerBound : position
            owned.append(Finding(entity: owner.entity, range: start..<end, confidence: owner.confidence))
            latest = owner
            position = end
        }
        owned.tellOthers(of: self[first...])
        replaceSubrange(first..., with: owned)
    }

    /// - Parameter all: what these were made of, in the order of where it begins.
    private mutating func tellOthers(of all: ArraySlice<Finding>) {
        var next = all.startIndex
        var told = startIndex
        while next < all.endIndex {
            var end = all[next].range.upperBound
            var entities = EntitySet.empty
            while next < all.endIndex, all[next].range.lowerBound < end {
                entities.insert(all[next].entity)
                end = Swift.max(end, all[next].range.upperBound)
                next += 1
            }
            let isPart = told + 1 < endIndex && self[told + 1].range.lowerBound < end
            while told < endIndex, self[told].range.lowerBound < end {
                self[told] = self[told].among(entities, isPart: isPart)
                told += 1
            }
        }
    }
}

/// A binary heap whose first element outranks the others.
private struct RankedFindings {
    private var heap: [Finding] = []

    var isEmpty: Bool { heap.isEmpty }
    var best: Finding? { heap.first }

    private static func outranks(_ left: Finding, _ right: Finding) -> Bool {
        (left.range.count, left.confidence.rawValue, left.entity.index, right.range.lowerBound)
            > (right.range.count, right.confidence.rawValue, right.entity.index, left.range.lowerBound)
    }

    mutating func insert(_ finding: Finding) {
        heap.append(finding)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard RankedFindings.outranks(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeBest() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && RankedFindings.outranks(heap[child], heap[best]) {
                best = child
            }
            if best == parent { return }
            heap.swapAt(parent, best)
            parent = best
        }
    }
}
