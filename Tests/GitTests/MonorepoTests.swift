import Foundation
import Testing

@testable import Git

@Suite struct MonorepoTests {
    @Test func exportsAFolder() async throws {
        try await Workspace.with { workspace in
            try workspace.write("{}", to: "apps/shop/package.json")
            try workspace.write("x", to: "apps/shop/lib/x.js")
            try workspace.write("y", to: "apps/blog/y.js")
            let commit = try await workspace.commit()
            let repository = try GitRepository(bareAt: workspace.bare)
            #expect(try await repository.file("apps/shop/package.json", at: commit) == Array("{}".utf8))
            let tar = "\(workspace.folder)/shop.tar"
            let summary = try await repository.export(commit, root: "apps/shop", to: tar)
            #expect(summary == ExportSummary(files: 2, bytes: 3))
            #expect(try await workspace.run("tar", "-tf", tar) == "lib/\nlib/x.js\npackage.json")
            await expectError(.notFound) { try await repository.export(commit, root: "apps/absent", to: tar) }
            await expectError(.notAFolder) {
                try await repository.export(commit, root: "apps/shop/package.json", to: tar)
            }
            for root in ["..", "/", "apps/", "apps/../apps", ".git"] {
                await expectError(.invalidName) { try await repository.export(commit, root: root, to: tar) }
            }
        }
    }

    @Test func aLinkOutOfTheFolderIsRefused() async throws {
        try await Workspace.with { workspace in
            try workspace.write("shared", to: "shared/a")
            try workspace.link("apps/shop/shared", to: "../../shared")
            let commit = try await workspace.commit()
            let repository = try GitRepository(bareAt: workspace.bare)
            _ = try await repository.export(commit, to: "\(workspace.folder)/all.tar")
            await expectError(.unsafeEntry) {
                try await repository.export(commit, root: "apps/shop", to: "\(workspace.folder)/shop.tar")
            }
        }
    }

    @Test func saysWhetherSomethingDiffers() async throws {
        try await Workspace.with { workspace in
            try workspace.write("1", to: "apps/shop/a.js")
            try workspace.write("1", to: "apps/blog/deep/b.js")
            try workspace.write("1", to: "package.json")
            let first = try await workspace.commit()
            try workspace.write("2", to: "apps/blog/deep/b.js")
            let blog = try await workspace.commit()
            try FileManager.default.removeItem(atPath: "\(workspace.repository)/apps/shop")
            try workspace.write("now a file", to: "apps/shop")
            let replaced = try await workspace.commit()
            try workspace.write("1", to: "package.json", executable: true)
            let mode = try await workspace.commit()
            let repository = try GitRepository(bareAt: workspace.bare)
            func differs(_ before: ObjectID, _ after: ObjectID, _ patterns: String...) async throws -> Bool {
                try await repository.differs(from: before, to: after, in: patterns.compactMap(PathGlob.init))
            }
            #expect(try await !differs(first, blog, "apps/shop/**", "package.json"))
            #expect(try await differs(first, blog, "package.json", "apps/blog/**"))
            #expect(try await !differs(first, blog))
            #expect(try await !differs(first, first, "**"))
            #expect(try await differs(blog, replaced, "apps/shop/**"), "what was below is gone")
            #expect(try await differs(blog, replaced, "apps/shop"))
            #expect(try await differs(replaced, blog, "apps/shop/*.js"))
            #expect(try await differs(replaced, mode, "package.json"))
            let absent = try #require(ObjectID(String(repeating: "1", count: 40)))
            #expect(try await differs(absent, first, "nothing"), "nobody knows what was there")
            await expectError(.notFound) { try await differs(first, absent, "**") }
        }
    }
}
