/// How long it is since a moment on an injected clock.
struct Stopwatch: Sendable {
    private let read: @Sendable () -> Duration

    init(_ clock: any Clock<Duration>) {
        self = Self.started(on: clock)
    }

    private init(read: @escaping @Sendable () -> Duration) {
        self.read = read
    }

    var elapsed: Duration { read() }

    private static func started<C: Clock>(on clock: C) -> Stopwatch where C.Duration == Duration {
        let start = clock.now
        return Stopwatch { start.duration(to: clock.now) }
    }
}
