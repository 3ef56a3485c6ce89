import ArgumentParser
import FlockDaemon

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what is missing on this machine, and how to mend it.",
        discussion: "Exit status 0 when nothing is missing, else 1.")

    @OptionGroup var options: DaemonOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let findings = await Examination(options).run()
        if json {
            try Output.write(json: findings)
        } else {
            for finding in findings {
                let mark =
                    finding.isGood
                    ? (Output.hasColours ? "\u{1B}[32mok\u{1B}[0m  " : "ok  ")
                    : (Output.hasColours ? "\u{1B}[31mbad\u{1B}[0m " : "bad ")
                Output.write("\(mark) \(finding.what): \(finding.found)\n")
                if let mend = finding.mend { Output.write("      \(mend)\n") }
            }
        }
        if findings.contains(where: { !$0.isGood }) { throw ExitCode.failure }
    }
}
