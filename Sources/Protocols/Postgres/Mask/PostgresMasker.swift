import Contract
import Detection
import Masking

/// Masks PostgreSQL backend messages by a mask plan.
///
/// A pure function of the batch and its payload: everything that it needs travels in the batch. Compiled plans and
/// detection engines are kept between batches, so an instance serves one thread at a time. An error means that
/// nothing of the batch may be forwarded.
public final class PostgresMasker {
    /// Compiled plans kept; when there are more, all are dropped and made again as they come.
    public static let maximumCachedPlans = 64
    /// Compiled patterns kept, in bytes, likewise: one engine with a large dictionary has some MiB.
    static let maximumEngineBytes = 64 << 20
    /// protocol.html#PROTOCOL-MESSAGE-CONCEPTS: a type byte and an Int32 length that counts itself.
    static let headerBytes = 5

    private struct PlanKey: Hashable {
        let plan: MaskPlan
        let columns: [ResultColumn]
        let columnsKnown: Bool
        let binaryCopy: Bool
    }

    private let keys: MaskingKeys
    private let definitions: any DetectorDefinitions
    private var plans: [PlanKey: CompiledPlan] = [:]
    private var latest: (key: PlanKey, plan: CompiledPlan)?
    private var engines: [EngineKey: DetectionEngine] = [:]

    private struct EngineKey: Hashable {
        let entities: [Entity]
        let custom: CustomDetection
    }

    /// - Parameters:
    ///   - hashKey: key of the styles `hash`, `tokenize` and `shift`; the same key gives the same substitute for the same value.
    ///   - definitions: what plans may name besides Sluice's own detectors.
    public init(hashKey: [UInt8], definitions: any DetectorDefinitions = CustomDetection.none) {
        keys = MaskingKeys(key: hashKey)
        self.definitions = definitions
    }

    /// - Parameter payload: whole backend messages, one after another.
    /// - Returns: the messages for the client, and what the reply says of them.
    /// - Throws: ``MaskError`` when the payload is malformed or cannot be masked.
    public func mask(_ batch: MaskBatch, payload: UnsafeRawBufferPointer) throws(MaskError) -> (
        reply: MaskReply, payload: [UInt8]
    ) {
        if CompiledPlan.isEmpty(batch.plan), batch.tail.isEmpty { return (MaskReply(), Array(payload)) }
        let plan = try compiled(batch)
        var pass = try MaskPass(batch: batch, values: ValueMasker(plan: plan), payload: payload)
        do throws(MaskError) {
            try pass.run()
        } catch {
            guard let refusal = pass.refusal else { throw error }
            var reply = MaskReply()
            reply.refusal = refusal
            return (reply, [])
        }
        return try pass.finish()
    }

    private func compiled(_ batch: MaskBatch) throws(MaskError) -> CompiledPlan {
        let key = PlanKey(
            plan: batch.plan, columns: batch.columns, columnsKnown: batch.columnsKnown,
            binaryCopy: batch.hasCopy && batch.copy.format == "binary")
        if let latest, latest.key == key { return latest.plan }
        let plan: CompiledPlan
        if let known = plans[key] {
            plan = known
        } else {
            let custom = try definitions.definitions(of: batch.plan.detectors)
            let styles = try DetectorStyles(batch.plan.detectors, custom: custom)
            try keys.prepare(batch.plan.styles())
            plan = try CompiledPlan(
                batch, engine: try engine(for: styles.entities, custom), styles: styles, keys: keys)
            if plans.count >= PostgresMasker.maximumCachedPlans { plans.removeAll() }
            plans[key] = plan
        }
        latest = (key, plan)
        return plan
    }

    private func engine(for entities: [Entity], _ custom: CustomDetection) throws(MaskError) -> DetectionEngine? {
        let key = EngineKey(entities: entities, custom: custom)
        if let engine = engines[key] { return engine }
        do throws(DetectionError) {
            guard let engine = try DetectionEngine.finding(entities, custom) else { return nil }
            let bytes = engines.values.reduce(engine.byteCount) { $0 + $1.byteCount }
            if bytes > PostgresMasker.maximumEngineBytes || engines.count >= PostgresMasker.maximumCachedPlans {
                engines.removeAll()
                // They keep engines too.
                plans.removeAll()
                latest = nil
            }
            engines[key] = engine
            return engine
        } catch {
            throw MaskError(code: .detection, message: error.message)
        }
    }
}
