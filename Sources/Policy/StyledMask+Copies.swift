import Contract

extension StyledMask {
    /// Whether whoever sees values under `source` learns nothing more of them from a copy under this mask: two masks that show
    /// different things of one value show more together.
    func addsNothing(to source: some StyledMask) -> Bool {
        // Where there is no value, none is shown: a column of NULLs tells no more than none.
        if style == .null || style == .drop { return true }
        guard Leniency(self) <= Leniency(source) else { return false }
        switch style {
        case .unspecified, .UNRECOGNIZED, .drop, .null, .redact, .hash: return true
        case .tokenize: return source.style == style
        case .shift: return source.style == style && parameters == source.parameters
        case .bucket: return source.style == style && parameters.isCoarser(than: source.parameters)
        case .partial: return source.style == style && parameters.showsPart(of: source.parameters)
        }
    }
}

extension ColumnMask {
    /// The same of a mask of columns, which may be about places within their values.
    /// - Parameters:
    ///   - path: one of `source`'s; nil when it has none.
    ///   - isDirect: the copy is the source's value itself; otherwise a path means another place in it, or none.
    func addsNothing(to source: ColumnMask, at path: ValuePath?, isDirect: Bool) -> Bool {
        // What is computed from a value shows of it what the style shows of the result: piece by piece all of it.
        guard addsNothing(to: source), isDirect || style.showsNothing else { return false }
        guard let path else { return paths.isEmpty }
        if paths.isEmpty { return showsNoPart }
        return isDirect && (valuePaths ?? []).contains { $0.covers(path) }
    }

    /// Its paths; nil when one of them is none. A policy's were read when it was loaded.
    var valuePaths: [ValuePath]? {
        do throws(ValuePath.Mistake) {
            return try paths.map { text throws(ValuePath.Mistake) in try ValuePath(text) }
        } catch {
            // What it names is not known: nothing is covered by it, and it is covered by nothing.
            return nil
        }
    }

    /// Whether it shows nothing of a document under it that stands at some place of it.
    private var showsNoPart: Bool {
        switch style {
        case .unspecified, .UNRECOGNIZED, .drop, .null, .redact, .hash: true
        case .tokenize, .shift, .bucket, .partial: false
        }
    }
}

extension MaskStyle {
    /// Whether it shows nothing of any value, not even whether two are equal.
    fileprivate var showsNothing: Bool {
        switch self {
        case .unspecified, .UNRECOGNIZED, .drop, .null, .redact: true
        case .hash, .tokenize, .shift, .bucket, .partial: false
        }
    }
}

extension StyleParameters {
    /// A year holds months; a width holds another when it is a multiple of it. Told nothing, a bucket shows nothing.
    fileprivate func isCoarser(than other: StyleParameters) -> Bool {
        let (width, fine) = (widthBillionths, other.widthBillionths)
        return (width == 0 || fine != 0 && width.isMultiple(of: fine))
            && (unit == .unspecified || other.unit != .unspecified && unit.rawValue >= other.unit.rawValue)
    }

    /// Each end by itself. Told nothing, `partial` shows what depends on the value.
    fileprivate func showsPart(of other: StyleParameters) -> Bool {
        if isUntold || other.isUntold { return isUntold == other.isUntold }
        return first <= other.first && last <= other.last && (!keepDomain || other.keepDomain)
    }

    private var isUntold: Bool { first == 0 && last == 0 && !keepDomain }
}
