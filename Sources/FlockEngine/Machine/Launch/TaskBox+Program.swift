extension TaskBox {
    /// The command's words, of which the first names a program.
    /// - Throws: ``EngineError`` for a name that the last step before the command would take for a variable.
    var program: [String] {
        get throws {
            guard let name = arguments.first, !name.isEmpty, !name.contains("=") else {
                throw EngineError(
                    code: .invalid, message: "\(appID): \(arguments.first ?? "") cannot be the name of a program")
            }
            return arguments
        }
    }
}
