/// A plan as a script of `/bin/sh`, run in a sandbox that holds `source.tar`, and `cache.tar` where one was kept.
///
/// It packs the result into `build.tar`, and newly installed dependencies into `cache.tar`. In the end it says how it
/// went, again and again, and waits to be ended: what it made is fetched meanwhile, and a task that ends is started
/// again.
struct BuildScript: Sendable, Hashable {
    var plan: BuildPlan
    /// The program's folder within the source.
    var folder: String
    var hasCache: Bool
    /// Begins the line that tells the exit status; nobody can know it before.
    var mark: String

    static let source = "source.tar"
    static let result = "build.tar"
    static let cache = "cache.tar"

    var text: String {
        ([head, enter] + steps + [Self.pack]).joined(separator: "\n")
    }

    /// As one word of the shell.
    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    // What is in the sandbox is removed by the task itself: the engine keeps sandboxes of ended tasks for a while.
    private var head: String {
        #"""
        exec 2>&1 </dev/null
        sandbox=$PWD
        trap 'cd /; rm -rf "$sandbox"/* "$sandbox"/.[!.]*; exit 1' TERM
        finish() {
            while :; do
                printf '%s %s %s\n' '\#(mark)' "$1" "$2"
                sleep 2 & wait $!
            done
        }
        step() {
            printf '$ %s\n' "$1"
            sh -c "$1" || finish $? "$(printf %s "$1" | head -n 1)"
        }
        runtime() { printf '%s %s\n' "$(node --version 2>/dev/null)" "$(uname -sm)"; }
        restored=
        mkdir app && tar -xf source.tar -C app && rm source.tar || finish 74 "unpacking the source"
        """#
    }

    private var enter: String {
        "cd app/\(Self.quoted(folder)) || finish 66 'entering its folder'\nPATH=$PWD/node_modules/.bin:$PATH\nexport PATH"
    }

    /// Only what the same Node on a machine of the same kind has installed.
    private static let restore = #"""
        if tar -xf "$sandbox/cache.tar" && [ "$(cat node_modules/.flock-runtime)" = "$(runtime)" ]; then
            restored=yes
            echo 'The lock file is that of an earlier build, whose dependencies are taken.'
        else
            rm -rf node_modules
        fi
        rm -f "$sandbox/cache.tar"
        """#

    private var steps: [String] {
        plan.steps.map { step in
            let line = "step \(Self.quoted(step.command))"
            switch step.kind {
            case .always: return line
            case .afterInstall: return "[ -z \"$restored\" ] || \(line)"
            case .install:
                let keep = #"""

                    if [ -z "$restored" ] && [ -d node_modules ]; then
                        runtime >node_modules/.flock-runtime
                        tar -cf "$sandbox/cache.part" node_modules && mv "$sandbox/cache.part" "$sandbox/cache.tar"
                    fi
                    """#
                return (hasCache ? Self.restore + "\n" : "") + "[ -n \"$restored\" ] || \(line)"
                    + (plan.cache == nil ? "" : keep)
            }
        }
    }

    // Hard links, as pnpm makes them, become files: an app's archive has none.
    private static let pack = #"""
        echo 'Packing.'
        tar --sort=name --owner=0 --group=0 --numeric-owner --hard-dereference -cf "$sandbox/build.tar" -C "$sandbox/app" . \
            || finish 74 packing
        rm -rf "$sandbox/app"
        finish 0
        """#
}
