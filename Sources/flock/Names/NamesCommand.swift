import ArgumentParser

struct NamesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "names", abstract: "List which repository has which name, and release names.",
        discussion: """
            A name belongs to the repository that pushed it first; a push of another one is refused as name_taken. A \
            repository that was renamed or replaced is another one.

            EXAMPLES
              flock names
              flock names release shop          the next repository that pushes "shop" has it
            """,
        subcommands: [ListNamesCommand.self, ReleaseNameCommand.self], defaultSubcommand: ListNamesCommand.self)
}
