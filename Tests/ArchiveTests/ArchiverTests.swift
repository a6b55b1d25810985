import Contract
import Foundation
import Glibc
import Recording
import SwiftProtobuf
import TestKit
import Testing

@testable import Archive

extension ArchiveTests {
    @Suite("Archiving")
    struct ArchivingTests {
        @Test func sealedSegmentsAreUploaded() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 4)
            try store.archiver(recorded).pass()
            #expect(try recorded.archived().keys.sorted() == [1, 2, 3])
            for number in [1, 2, 3] as [UInt64] {
                let stored = try await store.server.request("GET", store.path(number)).body
                #expect(stored == (try recorded.bytes(number)))
            }
            #expect(try await store.server.request("GET", store.path(4)).status == 404)
            #expect(try await store.server.request("GET", store.path("head")).status == 200)
            #expect(recorded.numbers == [1, 2, 3, 4])
            #expect(recorded.verified().isWhole)
        }

        @Test func onlyWhatNeedNotStayIsRemoved() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 5)
            try store.archiver(recorded, keeping: .init(seconds: 3600)).pass()
            #expect(recorded.numbers == [1, 2, 3, 4, 5])
            try store.archiver(recorded, keeping: .init(bytes: 1 << 30)).pass()
            #expect(recorded.numbers == [1, 2, 3, 4, 5])
            try store.archiver(recorded, keeping: .init(seconds: 0)).pass()
            // A recorder that starts reads the last two, and after a power failure the one before.
            #expect(recorded.numbers == [3, 4, 5])
            let writer = try SegmentWriter(directory: recorded.folder, key: recorded.key)
            try writer.finish()
        }

        /// Removed on order, also where the archive alone had it: the rest is proven without it.
        @Test func whatIsRemovedOnOrderGoesFromTheStoreToo() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 6)
            try Data("keys".utf8).write(to: URL(filePath: recorded.folder + "/00000001.slkeys"))
            try store.archiver(recorded, keeping: .init(seconds: 0)).pass()
            #expect(recorded.numbers == [4, 5, 6])
            var writer = try ReplicaWriter(directory: recorded.folder, key: recorded.key)
            let order = RemovalOrder(.remove, 1...2, reason: "asked for")
            try order.give(to: recorded.folder, key: recorded.key)
            var batch = RecordBatch()
            batch.durability = .written
            _ = try writer.append([IncomingBatch(batch.serializedBytes())], now: 0)
            writer.tick(now: 2_000_000_000)
            #expect(try order.state(in: recorded.folder, signedBy: [recorded.key.verification]) == .done)
            try writer.finish()
            let copies = ArchivedCopies(try store.client(), prefix: Store.prefix)
            for _ in 0..<2 { try copies.carryOut(order, in: recorded.folder) }
            for name in ["00000001.slseg", "00000002.slseg", "00000001.slkeys"] {
                #expect(try await store.server.request("GET", store.path(name)).status == 404, "\(name)")
            }
            #expect(try await store.server.request("GET", store.path(3)).status == 200)
            let report = recorded.verified(recorded.cache(store, isReused: false))
            #expect(report.isWhole, "\(report.problems)")
        }

        /// An upload that was under way when the segment was removed on order: whoever follows removals looks once more.
        @Test func aCopyThatComesAfterItsRemovalIsFollowed() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 6)
            let first = try Data(recorded.bytes(1))
            var writer = try ReplicaWriter(directory: recorded.folder, key: recorded.key)
            let order = RemovalOrder(.remove, 1...1, reason: "asked for")
            try order.give(to: recorded.folder, key: recorded.key)
            writer.tick(now: 2_000_000_000)
            try writer.finish()
            let keys = [recorded.key.verification]
            #expect(try order.state(in: recorded.folder, signedBy: keys) == .done)
            var followed = try FollowedRemovals(recorded.folder, signedBy: keys)
            #expect(followed.left == [order])
            try followed.add(order, key: recorded.key)
            #expect(try FollowedRemovals(recorded.folder, signedBy: keys).left == [])
            try first.write(to: URL(filePath: recorded.folder + "/00000001.slseg"))
            try store.archiver(recorded).pass()
            #expect(try await store.server.request("GET", store.path(1)).status == 200)
            #expect(try FollowedRemovals(recorded.folder, signedBy: keys).left == [order])
            try ArchivedCopies(try store.client(), prefix: Store.prefix).carryOut(order, in: recorded.folder)
            #expect(try await store.server.request("GET", store.path(1)).status == 404)
            #expect { try FollowedRemovals(recorded.folder, signedBy: []) } throws: { "\($0)".contains("signature") }
        }

        /// The file that says so is not signed.
        @Test func anotherKeyThanTheSegmentsIsNotDeleted() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 6)
            try store.archiver(recorded).pass()
            let path = recorded.folder + "/archived"
            let list = try String(contentsOfFile: path, encoding: .utf8)
            try list.replacing("00000001.slseg", with: "00000002.slseg").write(
                toFile: path, atomically: true, encoding: .utf8)
            let order = RemovalOrder(.remove, 1...1, reason: "asked for")
            let copies = ArchivedCopies(try store.client(), prefix: Store.prefix)
            #expect { try copies.carryOut(order, in: recorded.folder) } throws: {
                "\($0)".contains("the key of something else")
            }
            #expect(try await store.server.request("GET", store.path(2)).status == 200)
        }

        @Test func sizeRemovesTheOldestFirst() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 6)
            let sealed = try (3...5).reduce(0) { try $0 + recorded.bytes(UInt64($1)).count }
            try store.archiver(recorded, keeping: .init(bytes: sealed)).pass()
            #expect(recorded.numbers == [3, 4, 5, 6])
        }

        @Test func withoutProofNothingIsRemoved() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 7)
            try store.archiver(recorded).pass()
            // One is gone from the store, one is another there, one is another here.
            #expect(try await store.server.request("DELETE", store.path(1)).status == 204)
            #expect(try await store.server.request("PUT", store.path(2), body: Data([1])).status == 200)
            let handle = try #require(FileHandle(forWritingAtPath: recorded.path(3)))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data([1]))
            try handle.close()
            let told = Told()
            try store.archiver(recorded, keeping: .init(seconds: 0), told: told).pass()
            #expect(recorded.numbers == [1, 2, 3, 5, 6, 7])
            #expect(told.problems.count == 3, "\(told.problems)")
        }

        @Test func whatTheStoreLocksCannotBeDeleted() async throws {
            let store = try await Store(withLock: true, lock: .init(mode: "COMPLIANCE", days: 2))
            let recorded = try Recorded(segments: 3)
            try Data("keys".utf8).write(to: URL(filePath: recorded.folder + "/00000001.slkeys"))
            try store.archiver(recorded).pass()
            let version = try #require(try recorded.archived()[1]?.version)
            let refused = try await store.server.request("DELETE", store.path(1) + "?versionId=\(version)")
            #expect(refused.status == 403)
            let client = try store.client()
            let error = try #require(throws: S3Error.self) {
                try client.delete(store.key("00000001.slseg"), version: version)
            }
            #expect(error.code == .denied)
            // Destroying the keys has to erase the segment: they are not locked.
            let keys = try #require(try client.head(store.key("00000001.slkeys"), version: nil)?.version)
            try client.delete(store.key("00000001.slkeys"), version: keys)
            #expect(try client.head(store.key("00000001.slkeys"), version: keys) == nil)
        }

        @Test func aBucketWithoutLocksIsFoundOut() async throws {
            let store = try await Store(lock: .init(mode: "GOVERNANCE", days: 2))
            let recorded = try Recorded(segments: 2)
            let archiver = try store.archiver(recorded)
            #expect(throws: S3Error.self) { try archiver.pass() }
            #expect(try recorded.archived().isEmpty)
        }

        @Test func interruptedUploadsAreGivenUp() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 2)
            let client = try store.client()
            _ = try client.beginUpload(store.key("00000001.slseg"), headers: [])
            _ = try client.beginUpload("elsewhere/recorder-9/00000001.slseg", headers: [])
            try store.archiver(recorded).pass()
            #expect(try client.uploads(prefix: "").map(\.key) == ["elsewhere/recorder-9/00000001.slseg"])
        }

        @Test func whatWasUploadedBeforeAKillIsProvenAndNotUploadedAgain() async throws {
            let store = try await Store(withLock: true)
            let recorded = try Recorded(segments: 2)
            try store.archiver(recorded).pass()
            let before = try #require(try recorded.archived()[1])
            try FileManager.default.removeItem(atPath: recorded.folder + "/archived")
            try store.archiver(recorded).pass()
            #expect(try recorded.archived()[1]?.version == before.version)
        }

        @Test func aStoreThatDiesInAnUploadIsWaitedFor() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 6, bytes: 12 << 20)
            let archiver = try store.archiver(recorded)
            let server = store.server
            let killing = Task {
                let client = try store.client()
                try await eventually("an upload is under way") { try !client.uploads(prefix: "").isEmpty }
                try await server.kill()
            }
            let failed = await Task.detached {
                do throws(S3Error) {
                    try Archiver(
                        recordings: recorded.recordings, prefix: Store.prefix, keeping: .init(seconds: 0),
                        client: try store.client(), report: { _ in }
                    ).pass()
                    return S3Error?.none
                } catch {
                    return error
                }
            }.value
            try await killing.value
            #expect(failed?.code == .unavailable, "\(String(describing: failed))")
            #expect(recorded.numbers == [1, 2, 3, 4, 5, 6])
            try await server.restart()
            try archiver.pass()
            #expect(try recorded.archived().keys.sorted() == [1, 2, 3, 4, 5])
            #expect(try store.client().uploads(prefix: "").isEmpty)
        }
    }

    @Suite("Reading through")
    struct ReadThroughTests {
        @Test func whatIsInTheArchiveAloneReadsAsBefore() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 6)
            let before = try recorded.records(nil)
            try store.archiver(recorded, keeping: .init(seconds: 0)).pass()
            #expect(recorded.numbers == [4, 5, 6])
            let cache = recorded.cache(store)
            #expect(try recorded.records(cache) == before)
            #expect(recorded.verified(cache).isWhole)
            let index = try RecordingIndex(recordings: recorded.recordings, access: RecordingAccess(source: cache))
            try index.rebuild()
            var indexed = 0
            try RecordingArchive(recordings: recorded.recordings, access: RecordingAccess(source: cache)).forEachRecord(
                of: Recorded.session, in: index.locations(of: Recorded.session)
            ) { _ throws(RecordingError) in indexed += 1 }
            #expect(indexed == before.count)
        }

        @Test func withoutTheArchiveItIsSaid() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 4)
            try store.archiver(recorded, keeping: .init(seconds: 0)).pass()
            let error = try #require(throws: RecordingError.self) { try recorded.records(nil) }
            #expect(error.code == .archived && error.detail.contains("recording.archive"))
            let report = recorded.verified()
            #expect(report.problems.first?.reason.contains("archive only") == true, "\(report.problems)")
        }

        @Test func aSegmentThatTheStoreLostOrChangedIsNotWhole() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 5)
            try store.archiver(recorded, keeping: .init(seconds: 0)).pass()
            // Even when it was fetched before.
            _ = try recorded.records(recorded.cache(store))
            let proving = recorded.cache(store, isReused: false)
            let original = try await store.server.request("GET", store.path(2)).body
            var changed = original
            changed[original.count / 2] ^= 1
            for body in [changed, original.dropLast(), original + [1]] {
                #expect(try await store.server.request("PUT", store.path(2), body: body).status == 200)
                let report = recorded.verified(proving)
                #expect(!report.isWhole && "\(report.problems)".contains("00000002.slseg"), "\(report.problems)")
            }
            #expect(try await store.server.request("DELETE", store.path(2)).status == 204)
            #expect(!recorded.verified(proving).isWhole)
        }

        /// Proof that the store has it is had once; what is removed to make room is fetched again.
        @Test func aProofFetchesEachSegmentOnce() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 8)
            let size = try recorded.bytes(1).count
            try store.archiver(recorded, keeping: .init(seconds: 0)).pass()
            #expect(recorded.verified(recorded.cache(store, bytes: size, isReused: false)).isWhole)
            let proving = recorded.cache(store, isReused: false)
            #expect(recorded.verified(proving).isWhole)
            #expect(try await store.server.request("DELETE", store.path(2)).status == 204)
            #expect(recorded.verified(proving).isWhole)
            #expect(!recorded.verified(recorded.cache(store, isReused: false)).isWhole)
        }

        @Test func theCacheIsBounded() async throws {
            let store = try await Store()
            let recorded = try Recorded(segments: 8)
            let size = try recorded.bytes(1).count
            try store.archiver(recorded, keeping: .init(seconds: 0)).pass()
            let cache = recorded.cache(store, bytes: size * 5 / 2)
            _ = try recorded.records(cache)
            let folder = recorded.recordings + "/" + CachedSegments.folderName + "/" + Recorded.replica
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count <= 2)
        }
    }
}
