/// Some entities, in a number of one word: findings carry them, and are sorted and copied by the thousand.
///
/// Policies may define more than fit. Those are told apart from the others only by ``holdsMore``.
public struct EntitySet: Hashable, Sendable {
    private static let last = UInt128.bitWidth - 1
    private var bits: UInt128 = 0

    public static let empty = EntitySet()

    private init() {}

    public init(_ entity: Entity) { insert(entity) }

    public var isEmpty: Bool { bits == 0 }

    /// ``Entity/unsearched`` comes first.
    private static func bit(of entity: Entity) -> Int { min(entity.index + 1, last) }

    public mutating func insert(_ entity: Entity) { bits |= 1 << UInt128(Self.bit(of: entity)) }

    public mutating func formUnion(_ other: EntitySet) { bits |= other.bits }

    /// The same without an entity, unless it is one of those that are not told apart.
    public func removing(_ entity: Entity) -> EntitySet {
        var rest = self
        if Self.bit(of: entity) < Self.last { rest.bits &= ~(1 << UInt128(Self.bit(of: entity))) }
        return rest
    }

    /// Entities are in it that it does not tell apart.
    public var holdsMore: Bool { bits >> UInt128(Self.last) == 1 }

    /// Those that it tells apart, in ascending order.
    public var entities: [Entity] {
        var rest = bits & ~(1 << UInt128(Self.last))
        var entities: [Entity] = []
        while rest != 0 {
            entities.append(Entity(index: rest.trailingZeroBitCount - 1))
            rest &= rest - 1
        }
        return entities
    }
}
