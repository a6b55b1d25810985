import Contract

extension ColumnRule {
    /// What a mask of columns comes to: a rule for each of its paths.
    static func rules(_ mask: ColumnMask) throws(MaskError) -> [ColumnRule] {
        let style = try Style(mask)
        guard !mask.paths.isEmpty else { return [try ColumnRule(pattern: mask.pattern, style: style)] }
        var rules: [ColumnRule] = []
        for path in try ValuePath.paths(mask.paths) {
            rules.append(try ColumnRule(pattern: mask.pattern, path: path, style: style))
        }
        return rules
    }
}

extension ValuePath {
    /// The paths of a plan's mask.
    public static func paths(_ texts: [String]) throws(MaskError) -> [ValuePath] {
        guard texts.count <= maximumPaths else {
            throw MaskError(code: .badPlan, message: "a mask has more paths than there may be")
        }
        var paths: [ValuePath] = []
        for text in texts {
            do throws(ValuePath.Mistake) {
                paths.append(try ValuePath(text))
            } catch {
                throw MaskError(code: .badPlan, message: "a mask's path \(error.message)")
            }
        }
        guard paths.reduce(0, { $0 + $1.end }) <= maximumSteps else {
            throw MaskError(code: .badPlan, message: "a mask's paths have more steps than there may be")
        }
        return paths
    }
}
