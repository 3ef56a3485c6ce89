extension DescriptorObject {
    /// `scale` of this object.
    func scale() -> ScaleOverrides {
        var scale = ScaleOverrides()
        guard let object = object("scale") else { return scale }
        scale.min = object.integer("min", in: 0...1000)
        scale.max = object.integer("max", in: 1...1000)
        scale.target = object.number("target", in: 0.01...1)
        scale.concurrency = object.integer("concurrency", in: 1...100_000)
        scale.requestsPerSecond = object.number("requestsPerSecond", in: ScaleOverrides.rates)
        scale.idleAfter = object.span("idleAfter")
        scale.minAwake = object.span("minAwake")
        scale.scaleDownDelay = object.span("scaleDownDelay")
        scale.wake = object.integer("wake", in: 1...1000)
        scale.awake = object.schedules("awake")
        object.close()
        return scale
    }

    private func schedules(_ key: String) -> [AwakeSchedule]? {
        let most = ScaleOverrides.mostSchedules
        let texts = list(
            key, 0...most, "a list of at most \(most) schedules such as \"weekdays 08:00-19:00 Europe/Madrid\"",
            each: "a string", { $0 })
        return texts?.enumerated().compactMap { index, text in
            do {
                return try AwakeSchedule(text)
            } catch {
                note(.outOfRange, "\(key)[\(index)]", "is no schedule: \(error)")
                return nil
            }
        }
    }
}
