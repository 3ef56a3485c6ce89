import Testing

@testable import Git

@Suite struct NamesTests {
    @Test func `what a folder holds is listed, and not what is below`() async throws {
        try await Workspace.with { workspace in
            try workspace.write("{}", to: "apps/shop/package.json")
            try workspace.write("x", to: "apps/shop/lib/x.js")
            try workspace.write("", to: "README")
            let commit = try await workspace.commit()
            let repository = try GitRepository(bareAt: workspace.bare)
            #expect(try await repository.names(at: commit) == ["apps", "README"])
            #expect(try await repository.names(in: "apps/shop", at: commit) == ["package.json", "lib"])
            await expectError(.notFound) { try await repository.names(in: "absent", at: commit) }
            await expectError(.notAFolder) { try await repository.names(in: "README", at: commit) }
            await expectError(.invalidName) { try await repository.names(in: "apps/..", at: commit) }
        }
    }
}
