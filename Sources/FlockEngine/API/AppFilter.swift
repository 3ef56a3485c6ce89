import Foundation
import Marathon

/// Which apps `/v2/apps` answers.
struct AppFilter: Sendable {
    private let id: String?
    private let command: String?
    private let selector: LabelSelector?
    private let group: String?

    /// - Parameter group: only apps below it.
    /// - Throws: ``EngineError`` when the label selector makes no sense.
    init(id: String?, command: String?, label: String?, below group: String? = nil) throws {
        self.id = id?.lowercased()
        self.command = command?.lowercased()
        selector = try label.map { try LabelSelector($0) }
        self.group = group
    }

    func accepts(_ app: AppRecord) -> Bool {
        !app.isStopping && (id.map { app.id.contains($0) } ?? true)
            && (command.map { (app.definition.cmd ?? "").lowercased().contains($0) } ?? true)
            && (selector.map { $0.accepts(app.definition.labels ?? [:]) } ?? true)
            && (group.map { DefinitionPath.isBelow(app.id, $0) } ?? true)
    }
}
