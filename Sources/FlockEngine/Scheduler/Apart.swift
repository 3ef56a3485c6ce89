/// Keeps a large value apart: a copy of what holds it copies a reference. Changing it makes a new one, so it is a value
/// all the same.
@propertyWrapper
struct Apart<Value: Sendable>: Sendable {
    private final class Storage: Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    init(wrappedValue: Value) { storage = Storage(wrappedValue) }

    var wrappedValue: Value {
        get { storage.value }
        set { storage = Storage(newValue) }
    }
}

extension Apart: Equatable where Value: Equatable {
    static func == (one: Apart, other: Apart) -> Bool {
        one.storage === other.storage || one.storage.value == other.storage.value
    }
}

extension Apart: Hashable where Value: Hashable {
    func hash(into hasher: inout Hasher) { hasher.combine(storage.value) }
}

/// Written as the value alone.
extension Apart: Codable where Value: Codable {
    init(from decoder: any Decoder) throws { self.init(wrappedValue: try Value(from: decoder)) }

    func encode(to encoder: any Encoder) throws { try storage.value.encode(to: encoder) }
}
