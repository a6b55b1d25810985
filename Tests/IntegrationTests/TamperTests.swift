import Foundation
import TestKit
import Testing

extension Integration {
    /// What an auditor on another host finds with `sluice verify` and the public key alone.
    @Suite(.serialized)
    struct TamperTests {
        private struct Problem: Hashable {
            let file: String
            let offset: Int
        }

        private let proven: ProvenRecording
        private let copy: String

        init() async throws {
            proven = try await ProvenRecording.shared.value
            copy = try proven.copy()
        }

        private var replica: String { proven.replicas[0] }
        private var folder: String { copy + "/" + replica }
        private var segments: [String] {
            get throws {
                try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".slseg") }.sorted()
                    .map { folder + "/" + $0 }
            }
        }

        private func verify(_ paths: [String], _ options: [String] = []) async throws -> (
            status: Int32, problems: [Problem]
        ) {
            let ran = try await Child(
                Project.binaries + "/sluice",
                ["verify", "--public-key", proven.publicKeys[0], "--format", "json"] + options + paths,
                directory: proven.auditor, label: "verify"
            ).finish()
            let problems = try JSONValue(ran.output)["problems"].array.map {
                Problem(file: $0["file"].string ?? "", offset: $0["offset"].int ?? -1)
            }
            #expect((ran.status == 0) == problems.isEmpty, "\(ran.transcript)")
            return (ran.status, problems)
        }

        /// The first problem of a file that was changed stands in that file, at a byte of this range.
        private func finds(_ what: String, _ file: String, _ bytes: ClosedRange<Int>) async throws {
            let found = try await verify([copy])
            #expect(found.status == 1, "\(what) is not found")
            let offsets = found.problems.filter { $0.file == file }.map(\.offset)
            #expect(offsets.first.map(bytes.contains) == true, "\(what): \(bytes) of \(file), found \(found.problems)")
        }

        @Test func theCopyIsWhole() async throws {
            for key in proven.publicKeys {
                let ran = try await Child(
                    Project.binaries + "/sluice", ["verify", "--public-key", key, copy], directory: proven.auditor
                ).finish()
                #expect(ran.status == 0, "\(ran.transcript)")
            }
            #expect(try segments.count >= 3)
        }

        @Test func aFlippedBit() async throws {
            for file in try segments {
                let data = try Data(contentsOf: URL(filePath: file))
                let blocks = SegmentBlocks(data)
                for step in 0..<16 {
                    let place = step == 15 ? data.count - 1 : data.count * step / 15
                    try await damaging(file, { $0[place] ^= 0x10 }) {
                        try await finds(
                            "byte \(place)", file, blocks.start(of: place)...max(place, blocks.start(of: place)))
                    }
                }
            }
            for (file, bytes) in [(folder + "/checkpoint", 0...0), (folder + "/leaves", 0...96)] {
                let count = try Data(contentsOf: URL(filePath: file)).count
                for step in 0..<8 {
                    try await damaging(file, { $0[(count - 1) * step / 7] ^= 0x02 }) {
                        try await finds("byte \((count - 1) * step / 7)", file, bytes)
                    }
                }
            }
            // What a head says is compared with the blocks; its HMAC only the recorder's key proves.
            for place in 0..<136 {
                try await damaging(folder + "/head", { $0[place] ^= 0x01 }) {
                    let found = try await verify([copy])
                    #expect(found.status == 1, "byte \(place) of the head")
                }
            }
        }

        @Test func blocksRemovedExchangedAndRepeated() async throws {
            for file in try segments {
                let data = try Data(contentsOf: URL(filePath: file))
                let places = SegmentBlocks(data).places
                for (index, (first, next)) in zip(places, places.dropFirst()).enumerated() {
                    let isLast = next == places.last
                    let isOpen = try file == segments.last
                    // The last block of the open segment is missed by the head, at the byte where the file ends.
                    try await damaging(file, { $0.removeSubrange(first..<next) }) {
                        try await finds("block \(index) removed", file, first...(first + (isLast && isOpen ? 0 : 63)))
                    }
                    // Behind the last block nothing is acknowledged: what stands there is a note.
                    if !(isLast && isOpen) {
                        try await damaging(file, { $0.insert(contentsOf: data[first..<next], at: next) }) {
                            try await finds("block \(index) repeated", file, next...(next + 63))
                        }
                    }
                    try await damaging(file, { $0 = $0.prefix(first) }) { try await finds("cut", file, first...first) }
                    let middle = (first + next) / 2
                    try await damaging(file, { $0 = $0.prefix(middle) }) {
                        try await finds("cut inside", file, first...middle)
                    }
                    guard index + 2 < places.count else { continue }
                    let end = places[index + 2]
                    try await damaging(
                        file, { $0.replaceSubrange(first..<end, with: data[next..<end] + data[first..<next]) }
                    ) { try await finds("blocks \(index) and \(index + 1) exchanged", file, first...(first + 63)) }
                }
            }
        }

        /// The name of a session in the clear, put in place of another's of the same length.
        @Test func recordsGivenToAnotherSession() async throws {
            let file = try #require(try segments.first)
            let data = try Data(contentsOf: URL(filePath: file))
            let blocks = SegmentBlocks(data)
            var names: [(place: Int, name: Data)] = []
            // Field 1 of a SessionRun that is field 1 of the manifest: 0x0a LENGTH 0x0a LENGTH NAME.
            for place in blocks.places.dropLast() where data[place + 96] == 0x0A && data[place + 98] == 0x0A {
                names.append((place + 100, data[(place + 100)..<(place + 100 + Int(data[place + 99]))]))
            }
            let one = try #require(names.first)
            let other = try #require(names.first { $0.name != one.name && $0.name.count == one.name.count })
            try await damaging(
                file,
                {
                    $0.replaceSubrange(one.place..<(one.place + one.name.count), with: other.name)
                    $0.replaceSubrange(other.place..<(other.place + other.name.count), with: one.name)
                }
            ) { try await finds("sessions exchanged", file, (one.place - 100)...one.place) }
        }

        @Test func filesExchangedAndRemoved() async throws {
            let files = FileManager.default
            let other = copy + "/" + proven.replicas[1]
            func exchange(_ one: String, _ two: String) throws {
                try files.moveItem(atPath: one, toPath: copy + "-away")
                try files.moveItem(atPath: two, toPath: one)
                try files.moveItem(atPath: copy + "-away", toPath: two)
            }
            func check(_ what: String, _ named: [String]) async throws {
                let found = try await verify([copy])
                let missed = named.filter { name in !found.problems.contains { $0.file.hasPrefix(name) } }
                #expect(found.status == 1 && missed.isEmpty, "\(what): \(missed) not among \(found.problems)")
            }
            for name in ["00000001.slseg", "00000002.slseg", "head", "checkpoint", "leaves"] {
                try exchange(folder + "/" + name, other + "/" + name)
                try await check("\(name) of two replicas", [folder, other])
                try exchange(folder + "/" + name, other + "/" + name)
            }
            try exchange(folder, other)
            try await check("the replicas' folders", [folder + "/head", other + "/head"])
            try exchange(folder, other)
            try exchange(folder + "/00000001.slseg", folder + "/00000002.slseg")
            try await check("two segments", [folder + "/00000001.slseg"])
            try exchange(folder + "/00000001.slseg", folder + "/00000002.slseg")
            for file in try segments {
                try files.moveItem(atPath: file, toPath: copy + "-away")
                try await check("\(file) removed", [file])
                try files.moveItem(atPath: copy + "-away", toPath: file)
            }
            for name in ["head", "checkpoint", "leaves", "00000001.slkeys"] {
                try files.moveItem(atPath: folder + "/" + name, toPath: copy + "-away")
                try await check("\(name) removed", [name == "leaves" ? folder : folder + "/" + name])
                try files.moveItem(atPath: copy + "-away", toPath: folder + "/" + name)
            }
            try files.moveItem(atPath: folder, toPath: copy + "-away")
            try await check("a replica removed", [copy])
            try files.moveItem(atPath: copy + "-away", toPath: folder)
            #expect(try await verify([copy]).problems.isEmpty)
        }

        @Test func anOlderCopyOfEverything() async throws {
            // Nothing in it is wrong: it was so.
            #expect(try await verify([proven.older]).problems.isEmpty)
            let kept = proven.replicas.compactMap { proven.checkpoints[$0] }
            let options = kept.flatMap { ["--checkpoint", $0] }
            #expect(try await verify([copy], options).problems.isEmpty)
            let found = try await verify([proven.older], options)
            #expect(Set(found.problems.map(\.file)) == Set(kept), "\(found.problems)")
            // One replica alone, beside the other as it is.
            let files = FileManager.default
            try files.removeItem(atPath: folder)
            try files.copyItem(atPath: proven.older + "/" + replica, toPath: folder)
            let one = try await verify([copy], options)
            #expect(one.problems.contains { $0.file == proven.checkpoints[replica] }, "\(one.problems)")
        }
    }
}
