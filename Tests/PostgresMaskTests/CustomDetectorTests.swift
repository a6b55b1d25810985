import Contract
import Detection
import Foundation
import Masking
import PostgresMask
import Testing

@Suite struct CustomDetectorTests {
    /// Two versions of one name.
    private struct Versions: DetectorDefinitions {
        static let versions = ["EMP-[0-9]{6}", "P-[0-9]{6}"].map {
            CustomDetection(detectors: [CustomDetector(entity: "badge", pattern: $0)])
        }

        func definitions(of names: [String], digest: [UInt8]) throws(MaskError) -> CustomDetection {
            guard let version = Self.versions.first(where: { $0.only(names).digest == digest }) else {
                throw MaskError.unknownDefinitions(names)
            }
            return version.only(names)
        }
    }

    private func masks(_ version: CustomDetection) -> DetectorMask {
        var mask = DetectorMask()
        mask.entities = ["badge"]
        mask.style = .redact
        mask.definitions = Data(version.digest)
        return mask
    }

    private func masked(_ masks: [DetectorMask], _ value: String, format: Int32 = 0) throws -> String {
        var plan = MaskPlan()
        plan.detectors = masks
        let masker = PostgresMasker(hashKey: key, definitions: Versions())
        let answer = try mask(
            batch(plan, [column("note", format: format)]), Wire.row([Array(value.utf8)]), with: masker)
        let body = try #require(Wire.parse(answer.payload).first?.body)
        return String(decoding: try #require(Wire.fields(body).compactMap(\.self).first), as: UTF8.self)
    }

    @Test(arguments: [Int32(0), 1])
    func areMaskedInRows(format: Int32) throws {
        let first = [masks(Versions.versions[0])]
        #expect(try masked(first, "see EMP-123456, P-123456", format: format) == "see [redacted:badge], P-123456")
    }

    /// Masks of a session that is older than the policy, and of a statement that is not.
    @Test func twoVersionsFindWhatEitherFinds() throws {
        let both = Versions.versions.map(masks)
        #expect(try masked(both, "EMP-123456, P-123456") == "[redacted:badge], [redacted:badge]")
    }

    @Test func anUnknownVersionWithholdsTheReply() {
        var mask = masks(Versions.versions[0])
        mask.definitions = Data(repeating: 7, count: 32)
        #expect(throws: MaskError.self) { try masked([mask], "x") }
    }
    /// More definitions than are kept compiled.
    @Test func manyDefinitionsAreMaskedOneAfterTheOther() throws {
        struct Numbered: DetectorDefinitions {
            static func version(_ number: Int) -> CustomDetection {
                CustomDetection(
                    detectors: [CustomDetector(entity: "badge", pattern: "N\(number)-[0-9]+")],
                    dictionaries: [CustomDictionary(entity: "badge", words: ["word\(number)"])])
            }

            func definitions(of names: [String], digest: [UInt8]) throws(MaskError) -> CustomDetection {
                for number in 0...PostgresMasker.maximumCachedPlans {
                    let version = Self.version(number)
                    if version.digest == digest { return version }
                }
                throw MaskError.unknownDefinitions(names)
            }
        }
        let masker = PostgresMasker(hashKey: key, definitions: Numbered())
        for number in Array(0...PostgresMasker.maximumCachedPlans) + [0, 1] {
            var plan = MaskPlan()
            plan.detectors = [masks(Numbered.version(number))]
            let row = Wire.row([Array("N\(number)-1 word\(number)".utf8)])
            let answer = try mask(batch(plan, [column("note")]), row, with: masker)
            #expect(answer.payload == Wire.row([Array("[redacted:badge] [redacted:badge]".utf8)]))
        }
    }
}
