/// The shell's part in making a box: what has to happen in a process of its own before the command takes its place.
/// Scripts are constant but for the names of variables; whatever comes from outside is an argument. A step that
/// fails ends with status 125, so that no command runs unbounded.
struct BoxScript: Sendable, Hashable {
    static let shell = "/bin/sh"

    private var lines: [String] = []
    private var arguments: [String] = []

    /// Joins the control groups. The shell that runs this becomes the box; its parent stays outside.
    ///
    /// In version 1 it joins as a thread, which is all of it: for a whole process the kernel first waits until no
    /// other on the machine is being forked, which takes 10 ms and more. Version 2 has no such file.
    mutating func join(_ groups: [String]) {
        lines += [#"while [ "$1" != -- ]; do"#, #"if [ -e "$1/tasks" ]; then echo 0 > "$1/tasks""#]
        lines += [#"else echo $$ > "$1/cgroup.procs"; fi || exit 125"#, "shift; done; shift"]
        arguments += groups + ["--"]
    }

    /// No core files, as many open files as programs want and the machine allows, and files that others can read.
    mutating func limit() {
        lines.append(
            "umask 022; ulimit -c 0; ulimit -n \(BoxLimits.files) 2>/dev/null || ulimit -n \"$(ulimit -H -n)\"")
    }

    /// - Parameter data: bytes that a process may have for itself.
    mutating func limit(data: Int) {
        lines.append(#"ulimit -d "$1" || exit 125; shift"#)
        arguments.append("\(data >> 10)")
    }

    /// Becomes the program. It finds a list of users as descriptor 3, in which the app's is.
    mutating func become(_ program: [String], passwd: String) {
        lines.append(#"users=$1; shift; exec "$@" 3<<END"#)
        lines += ["$users", "END"]
        arguments += [passwd] + program
    }

    mutating func become(_ program: [String]) {
        lines.append(#"exec "$@""#)
        arguments += program
    }

    /// Runs the program to its end and ends as it did, and leaves a file if the kernel killed in the group meanwhile:
    /// the group is gone with its last process.
    /// - Parameters:
    ///   - events: the group's file with a line `oom_kill`.
    ///   - record: made when its number is not 0.
    mutating func hold(_ program: [String], passwd: String?, events: String, record: String) {
        lines.append(#"events=$1; record=$2; users=$3; shift 3"#)
        lines += [passwd == nil ? #""$@""# : "\"$@\" 3<<END\n$users\nEND", "status=$?"]
        lines += [#"while read -r name count; do case "$name $count" in"#, #""oom_kill 0") ;;"#]
        lines += [#""oom_kill "*) : > "$record" ;;"#, #"esac; done < "$events""#]
        lines.append("exit $status")
        arguments += [events, record, passwd ?? ""] + program
    }

    func command(_ environment: [String: String]) -> BoxCommand {
        BoxCommand(script: lines.joined(separator: "\n"), arguments: arguments, environment: environment)
    }
}
