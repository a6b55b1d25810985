import Contract
import Detection
import Masking

// Messages that carry text outside rows: errors, notices, notifications, parameter reports.
extension MaskPass {
    /// SQLSTATE classes whose messages name constraints and limits, never values of rows. All others may quote a value:
    /// 22 `invalid input syntax for type integer: "…"`, 42 a name that was computed from one, P0 what a RAISE puts
    /// together.
    private static let classesWithoutValues: Set<String> = ["08", "23", "25", "40", "53", "55", "57"]
    /// Classes whose messages are about the statement's own text when they carry a position in it (field P), which
    /// errors at run time do not.
    private static let classesOfAnalysis: Set<String> = ["0A", "3F", "42"]
    /// States of the other classes whose messages are the same whatever the values: string_data_right_truncation,
    /// division_by_zero.
    private static let statesWithoutValues: Set<String> = ["22001", "22012", "42501"]
    /// Never of the statement itself, which was parsed before it ran: of a text that a cast (`::regtype`) parses.
    private static let syntaxError = "42601"
    private static let withheldText = Array("withheld by Sluice: the mask plan of this statement names columns".utf8)
    /// More fields than this is no ErrorResponse (protocol-error-fields.html lists 18).
    private static let maximumReportFields = 64

    private static func isWithoutValues(_ state: String, hasPosition: Bool) -> Bool {
        let stateClass = String(state.prefix(2))
        return classesWithoutValues.contains(stateClass) || statesWithoutValues.contains(state)
            || hasPosition && state != syntaxError && classesOfAnalysis.contains(stateClass)
    }

    /// ErrorResponse and NoticeResponse.
    mutating func report(_ body: Range<Int>) throws(MaskError) {
        let source = output.source
        var fields: [(code: UInt8, text: Range<Int>)] = []
        var state = "unknown"
        // PL/pgSQL's RAISE puts any text under any SQLSTATE.
        var isRaised = false
        var hasPosition = false
        var index = body.lowerBound
        while true {
            guard index < body.upperBound else { throw .malformed("an error's fields have no end") }
            let code = source[index]
            index += 1
            if code == 0 { break }
            guard fields.count < MaskPass.maximumReportFields else { throw .malformed("an error has too many fields") }
            let text = try cString(body, &index)
            if code == UInt8(ascii: "C"), isState(text) { state = String(decoding: source[text], as: UTF8.self) }
            if code == UInt8(ascii: "P") { hasPosition = true }
            if code == UInt8(ascii: "R"), source[text].elementsEqual("exec_stmt_raise".utf8) { isRaised = true }
            fields.append((code, text))
        }
        guard index == body.upperBound else { throw .malformed("an error has bytes after its fields") }
        var new: [UInt8] = []
        new.reserveCapacity(body.count + 64)
        for field in fields {
            guard let text = reportText(field.code, field.text, state, isRaised: isRaised, hasPosition: hasPosition)
            else { continue }
            new.append(field.code)
            new.append(contentsOf: text)
            new.append(0)
        }
        new.append(0)
        replaceMessage(body, with: new)
    }

    /// The text for one field; nil leaves the field out.
    private mutating func reportText(
        _ code: UInt8, _ text: Range<Int>, _ state: String, isRaised: Bool, hasPosition: Bool
    ) -> [UInt8]? {
        switch code {
        case UInt8(ascii: "S"), UInt8(ascii: "V"), UInt8(ascii: "C"), UInt8(ascii: "P"), UInt8(ascii: "F"),
            UInt8(ascii: "L"), UInt8(ascii: "R"):
            return Array(output.source[text])
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "c"), UInt8(ascii: "d"), UInt8(ascii: "n"):
            // RAISE … USING TABLE = … takes any text for a name.
            guard isRaised else { return Array(output.source[text]) }
            guard plan.hasColumnRules else { return detected(text) }
            values.engine.countWithheld()
            return nil
        case UInt8(ascii: "M"):
            guard plan.hasColumnRules, isRaised || !Self.isWithoutValues(state, hasPosition: hasPosition) else {
                return detected(text)
            }
            values.engine.countWithheld()
            return Array("message withheld by masking (SQLSTATE \(state))".utf8)
        case UInt8(ascii: "D"), UInt8(ascii: "H"), UInt8(ascii: "W"):
            guard plan.hasColumnRules else { return detected(text) }
            values.engine.countWithheld()
            return MaskPass.withheldText
        case _:
            // The internal query and its position, and fields that this version does not know.
            guard plan.hasColumnRules else { return detected(text) }
            values.engine.countWithheld()
            return nil
        }
    }

    private func isState(_ text: Range<Int>) -> Bool {
        text.count == 5 && output.source[text].allSatisfy { $0 &- 0x30 < 10 || $0 &- 0x41 < 26 }
    }

    /// NotificationResponse: process id, channel, payload. A channel is named by who listens; the payload by anyone.
    mutating func notification(_ body: Range<Int>) throws(MaskError) {
        guard body.count >= 4 else { throw .malformed("a notification is cut short") }
        var index = body.lowerBound + 4
        _ = try cString(body, &index)
        let text = try cString(body, &index)
        guard index == body.upperBound else { throw .malformed("a notification has bytes after its payload") }
        if plan.hasColumnRules {
            guard !text.isEmpty else { return }
            values.engine.countWithheld()
            return replaceMessage(body, with: Array(output.source[body.lowerBound..<text.lowerBound]) + [0])
        }
        replaceMessage(body, with: output.source[body.lowerBound..<text.lowerBound] + detected(text) + [0])
    }

    mutating func parameterStatus(_ body: Range<Int>) throws(MaskError) {
        var index = body.lowerBound
        let name = try cString(body, &index)
        let text = try cString(body, &index)
        guard index == body.upperBound else { throw .malformed("a parameter report has bytes after its value") }
        // The one reported setting whose value can be any text, a computed one too.
        if plan.hasColumnRules, output.source[name].elementsEqual("application_name".utf8), !text.isEmpty {
            values.engine.countWithheld()
            return replaceMessage(body, with: output.source[body.lowerBound..<text.lowerBound] + [0])
        }
        let findings = values.engine.find(in: Array(output.source[text]))
        guard !findings.isEmpty else { return }
        values.engine.count(findings)
        replaceMessage(body, with: output.source[body.lowerBound..<text.lowerBound] + [0])
    }

    /// Text with every finding replaced. There is no NULL here: that style redacts.
    private mutating func detected(_ text: Range<Int>) -> [UInt8] {
        let bytes = Array(output.source[text])
        let findings = values.engine.find(in: bytes)
        guard !findings.isEmpty else { return bytes }
        values.engine.count(findings)
        var new: [UInt8] = []
        bytes.withUnsafeBytes { values.engine.appendReplacing(findings, in: $0, scope: 0..<bytes.count, to: &new) }
        return new
    }

    /// The bytes up to the zero byte at or after `index`, which is moved past it.
    private func cString(_ body: Range<Int>, _ index: inout Int) throws(MaskError) -> Range<Int> {
        let start = index
        while index < body.upperBound {
            if output.source[index] == 0 {
                index += 1
                return start..<index - 1
            }
            index += 1
        }
        throw .malformed("a string has no end")
    }

    private mutating func replaceMessage(_ body: Range<Int>, with new: [UInt8]) {
        output.copy(upTo: body.lowerBound - 4)
        output.out.appendInt32(new.count + 4)
        output.out.append(contentsOf: new)
        output.skip(to: body.upperBound)
    }
}
