import Marathon

/// Whether one more task of an app fits an offer, and what it takes of it.
enum OfferMatch: Sendable, Hashable {
    case fits(Resources, ports: [Int])
    case rejected(Rejection)

    /// - Parameters:
    ///   - tasks: of the app, that have not ended.
    ///   - lastPort: ports go round from here, so that one that was just freed is not given to another app at once.
    init(_ definition: AppDefinition, _ offer: Offer, tasks: [TaskRecord], lastPort: Int?) {
        guard (definition.gpus ?? 0) == 0 else {
            self = .rejected(.gpus)
            return
        }
        guard definition.obstacle == nil else {
            self = .rejected(.container)
            return
        }
        for constraint in (definition.constraints ?? []).compactMap(Constraint.init) {
            let others = tasks.map { task in
                constraint.field.hasSuffix("hostname") ? task.host : offer.attributes[constraint.field] ?? ""
            }
            guard constraint.accepts(offer, others: others) else {
                self = .rejected(.constraint)
                return
            }
        }
        var needed = definition.resources
        let free = offer.resources
        // Sums of fractions are a little off.
        let slack = 1e-6
        if needed.cpus > free.cpus + slack {
            self = .rejected(.cpus)
        } else if needed.mem > free.mem + slack {
            self = .rejected(.memory)
        } else if needed.disk > free.disk + slack {
            self = .rejected(.disk)
        } else if let ports = Self.ports(definition, of: free.ports, after: lastPort) {
            needed.ports = ports.sorted().map { $0...$0 }
            self = .fits(needed, ports: ports)
        } else {
            self = .rejected(.ports)
        }
    }

    private static func ports(_ definition: AppDefinition, of ranges: [ClosedRange<Int>], after last: Int?) -> [Int]? {
        let wanted = definition.servicePorts
        if definition.requirePorts == true {
            return wanted.allSatisfy { port in ranges.contains { $0.contains(port) } } ? wanted : nil
        }
        var found: [Int] = []
        let start = last ?? Int.min
        for range in ranges where range.upperBound > start && found.count < wanted.count {
            found += range.clamped(to: max(range.lowerBound, start + 1)...range.upperBound)
                .prefix(wanted.count - found.count)
        }
        for range in ranges where found.count < wanted.count {
            found += range.lazy.filter { $0 <= start }.prefix(wanted.count - found.count)
        }
        return found.count == wanted.count ? found : nil
    }
}
