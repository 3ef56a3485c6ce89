/// What the scaler remembers of one app, and what it decides: no clock, no network. Times are seconds of a clock that
/// never goes back.
///
/// ```
///  looks ─► load over window ──┐
///        ─► over burstWindow, ─┼─► the larger need ─► burst? ─► maxUp, maxDown ─► min, max ─► delay ─► floor ─► wanted
///           the newest, surely ┘
/// ```
/// Windows, the burst and the steps follow Knative's pod autoscaler; how much a load needs does not: ``Staffing``.
struct ScaleState: Sendable {
    /// What an app is doing, from Marathon and the calendar.
    struct Situation: Sendable, Hashable {
        var instances: Int
        /// Those that run.
        var ready: Int
        var isDeploying = false
        /// Whether the calendar keeps it awake, or its minimum: what is released, and not former versions of it.
        var isKeptAwake = false
    }

    /// What a mean over the burst window, and a single look, may be above the load by chance, in standard deviations of
    /// a single look. Some three looks are in a burst window, so that its mean varies less.
    private static let chanceInBurst = 1.2
    private static let chanceInLook = 3.0

    private var looks = LoadWindow()
    private var looked: Double?
    private var wishes = SlidingMaximum()
    private var burstUntil: Double?
    private var floor: (instances: Int, until: Double)?
    private var awakeSince: Double?
    private var used: Double?

    /// Of an app of which nothing is known.
    init() {}

    /// Of one that was seen asleep: what comes is seen from its beginning.
    init(asleepAt now: Double) {
        (looked, used) = (now, now)
    }

    mutating func decide(
        _ sample: AppSample, _ situation: Situation, _ rules: ScaleRules, at now: Double
    ) -> ScaleVerdict {
        guard situation.instances > 0 else {
            self = ScaleState(asleepAt: now)
            guard situation.isKeptAwake, !situation.isDeploying else {
                return ScaleVerdict(action: .keep, wanted: 0, rule: .asleep)
            }
            return ScaleVerdict(action: .wake(rules.wake), wanted: rules.wake, rule: .schedule)
        }
        let idle = noteUse(sample, situation, at: now)
        // The time counts as not looked at.
        guard !sample.isSilent else {
            return ScaleVerdict(action: .keep, wanted: situation.instances, rule: .silent, idle: idle)
        }
        let seconds = begin(situation, rules, at: now)
        looks.add(
            LoadWindow.Look(
                at: now, seconds: seconds, weight: min(seconds, 3 * rules.every),
                inFlight: Double(sample.inFlight), arrivals: Double(sample.arrivals), work: sample.work),
            within: rules.window)
        var verdict = wanted(situation, rules, at: now)
        verdict.idle = idle
        return settle(verdict, sample, situation, rules, at: now)
    }

    /// A sleep was called off: somebody was there.
    mutating func wasDisturbed(at now: Double) {
        used = now
    }

    /// Fewer were wanted, and could not be had: for the scale-down delay it is as if all were wanted.
    mutating func wasKept(_ instances: Int, _ rules: ScaleRules, at now: Double) {
        _ = wishes.add(instances, at: now, within: rules.scaleDownDelay)
    }

    // MARK: Time

    /// - Returns: what this look stands for, in seconds.
    private mutating func begin(
        _ situation: Situation, _ rules: ScaleRules, at now: Double
    ) -> Double {
        if awakeSince == nil {
            awakeSince = now
            // Seen asleep before: it comes from nothing, and has no past that could be missing.
            if looked == nil { floor = (situation.instances, now + rules.window) }
        }
        let gap = looked.map { now - $0 }
        looked = now
        guard let gap, gap > 0 else {
            looks.removeAll()
            return rules.every
        }
        // Blind for so long that one look would decide alone.
        if gap >= max(rules.window, 3 * rules.every) { floor = (situation.instances, now + rules.window) }
        return gap
    }

    /// - Returns: how long nobody has used it.
    private mutating func noteUse(_ sample: AppSample, _ situation: Situation, at now: Double) -> Double {
        // After our own start, HAProxy knows better than we do.
        var last = used ?? sample.sinceLast.map { now - $0 } ?? now
        if !sample.isCounted {
            if sample.inFlight > 0 || sample.arrivals > 0 { last = now }
        } else if let since = sample.sinceLast {
            last = max(last, now - since)
        }
        // Who deploys it looks at it, and does so for a moment longer than the deployment.
        if situation.isDeploying { last = now }
        used = last
        return now - last
    }

    // MARK: How many

    private mutating func wanted(
        _ situation: Situation, _ rules: ScaleRules, at now: Double
    ) -> ScaleVerdict {
        let staffing = rules.staffing
        let load = looks.load(within: rules.window)
        let burst = looks.load(within: rules.burstWindow)
        let sudden = max(
            staffing.instances(for: burst.atLeast(Self.chanceInBurst, within: rules.burstWindow)),
            staffing.instances(for: looks.load(within: 0).atLeast(Self.chanceInLook, within: rules.every)))

        var wanted = max(1, staffing.instances(for: load))
        var rule = ScaleVerdict.Rule.load
        func raise(to count: Int, _ reason: ScaleVerdict.Rule) {
            if count > wanted { (wanted, rule) = (count, reason) }
        }
        func lower(to count: Int, _ reason: ScaleVerdict.Rule) {
            if count < wanted { (wanted, rule) = (count, reason) }
        }
        let ready = max(1, situation.ready)
        raise(to: sudden, .burst)
        if Double(sudden) >= rules.burstFactor * Double(ready) { burstUntil = now + rules.window }
        if let burstUntil, now < burstUntil { raise(to: situation.instances, .burstHolds) }
        lower(to: max(Int((rules.maxUp * Double(ready)).rounded(.up)), situation.instances), .maxUp)
        raise(to: Int(Double(situation.instances) / rules.maxDown), .maxDown)
        raise(to: rules.min, .min)
        lower(to: max(1, rules.max), .max)
        raise(to: wishes.add(wanted, at: now, within: rules.scaleDownDelay), .delay)
        if let floor, now < floor.until { raise(to: floor.instances, .floor) }
        return ScaleVerdict(action: .keep, wanted: wanted, rule: rule, window: load, burst: burst)
    }

    // MARK: What is done

    private func settle(
        _ verdict: ScaleVerdict, _ sample: AppSample, _ situation: Situation, _ rules: ScaleRules,
        at now: Double
    ) -> ScaleVerdict {
        var verdict = verdict
        func hold(_ rule: ScaleVerdict.Rule) -> ScaleVerdict {
            (verdict.action, verdict.rule) = (.keep, rule)
            return verdict
        }
        if situation.isDeploying { return hold(.deploying) }
        if verdict.wanted > situation.instances {
            verdict.action = .scale(to: verdict.wanted)
            return verdict
        }
        let isIdle = rules.min == 0 && sample.inFlight == 0 && verdict.idle >= rules.idleAfter
        if !sample.isComplete {
            return isIdle || verdict.wanted < situation.instances ? hold(.staleNode) : verdict
        }
        let isYoung = awakeSince.map { now - $0 < rules.minAwake } ?? false
        if isIdle, !situation.isKeptAwake, !isYoung {
            (verdict.action, verdict.wanted, verdict.rule) = (.sleep, 0, .idle)
        } else if verdict.wanted < situation.instances {
            verdict.action = .scale(to: verdict.wanted)
        } else if isIdle {
            return hold(situation.isKeptAwake ? .schedule : .minAwake)
        }
        return verdict
    }
}
