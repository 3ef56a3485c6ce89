/// The bytes that send commands on one connection, and how many answers come back.
///
/// Interactive mode (Management Guide, 9.3, `prompt`) marks the end of each answer and keeps the connection for more
/// lines. Commands of a line are joined with `;`, which measured three times as fast as one line each.
enum RuntimeRequest {
    /// Bounds of one line: HAProxy reads a line into one buffer, `tune.bufsize`, 16 KiB unless told otherwise.
    static let maximumCommandsPerLine = 100
    static let maximumLineLength = 8_000
    /// Bound of a command with its payload, which share that buffer.
    static let maximumPayload = 15_000

    static func text(for commands: [RuntimeCommand]) -> String {
        var text = "prompt\n"
        var lineLength = 0
        var lineCommands = 0
        func endLine() {
            text += "\n"
            lineLength = 0
            lineCommands = 0
        }
        for command in commands {
            let length = command.description.utf8.count + 1
            if let payload = command.payload {
                if lineCommands > 0 { endLine() }
                text += "\(command)\n\(payload)\n"
                continue
            }
            if lineCommands == maximumCommandsPerLine || lineLength + length > maximumLineLength { endLine() }
            if lineCommands > 0 { text += ";" }
            text += command.description
            lineLength += length
            lineCommands += 1
        }
        return lineCommands > 0 ? text + "\n" : text
    }
}
