import FlockCore
import Foundation
import Logging
import Mustache
import NIOPosix

/// The templates of waiting pages: an app's own, the one for all apps, the built-in one. A file is read again when it
/// changes; one that is broken is told once, and the next one in that order is used.
actor PageTemplates {
    private struct Stamp: Hashable, Sendable {
        var changed: Date
        var size: Int
    }

    private struct Known {
        var stamp: Stamp
        /// `nil` for one that is broken.
        var template: MustacheTemplate?
    }

    /// More than a page needs.
    private static let limit = 1 << 20

    private let settings: LiveSettings
    private let logger: Logger
    private let builtIn: MustacheTemplate
    private var known: [String: Known] = [:]

    /// - Throws: when the built-in template is broken.
    init(settings: LiveSettings, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        builtIn = try MustacheTemplate(string: String(decoding: PackageResources.waiting_html_mustache, as: UTF8.self))
    }

    /// - Parameter slug: of the app, where it is known.
    func template(for slug: String?) async -> MustacheTemplate {
        let folder = settings.current.backup.pages
        guard !folder.isEmpty else { return builtIn }
        for name in [slug, "default"].compactMap(\.self) {
            if let template = await read("\(folder)/\(name).html.mustache") { return template }
        }
        return builtIn
    }

    private func read(_ path: String) async -> MustacheTemplate? {
        let last = known[path]?.stamp
        let found: (Stamp, String)?
        do {
            found = try await NIOThreadPool.singleton.runIfActive { try Self.load(path, unless: last) }
        } catch {
            // There is none, mostly; what was there is not shown any longer.
            known[path] = nil
            return nil
        }
        guard let (stamp, text) = found else { return known[path]?.template }
        do {
            known[path] = Known(stamp: stamp, template: try MustacheTemplate(string: text))
        } catch {
            known[path] = Known(stamp: stamp, template: nil)
            logger.error("the template of a waiting page is broken: \(error)", metadata: ["file": "\(path)"])
        }
        return known[path]?.template
    }

    /// - Returns: `nil` when the file is as it was.
    private static func load(_ path: String, unless last: Stamp?) throws -> (Stamp, String)? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let stamp = Stamp(
            changed: attributes[.modificationDate] as? Date ?? .distantPast, size: attributes[.size] as? Int ?? 0)
        if stamp == last { return nil }
        guard stamp.size <= limit else { throw CocoaError(.fileReadTooLarge) }
        return (stamp, try String(contentsOfFile: path, encoding: .utf8))
    }
}
