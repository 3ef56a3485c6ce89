/// The labels that Flock's parts agree on. All are strings and are set when an app is created, since a changed
/// label restarts an app's tasks.
public enum Label {
    /// The slug. An app without it is left alone by every tool.
    public static let app = "FLOCK_APP"
    public static let version = "FLOCK_VERSION"
    /// The number of the release that the app was made for.
    public static let release = "FLOCK_RELEASE"
    public static let commit = "FLOCK_SHA"
    public static let deploy = "FLOCK_DEPLOY"
    /// Further host names, comma separated; each may have a path.
    public static let hosts = "FLOCK_HOSTS"
    /// ``HTTPOptions`` as compact JSON.
    public static let http = "FLOCK_HTTP"
    /// ``ScaleOverrides`` as compact JSON.
    public static let scale = "FLOCK_SCALE"
    /// The branch of a preview.
    public static let preview = "FLOCK_PREVIEW"
    /// What an app is to Flock itself: `release` for a ``ReleaseRecord``, `backup` or `haproxy` for those parts on a cluster.
    public static let role = "FLOCK_ROLE"
    /// In a ``ReleaseRecord``: the id of the app that its slug serves.
    public static let target = "FLOCK_TARGET"
    /// In a ``ReleaseRecord``: the id of the app that a share of the visitors gets.
    public static let canary = "FLOCK_CANARY"
    /// In a ``ReleaseRecord``: that share, 1 to 99.
    public static let canaryPercent = "FLOCK_CANARY_PERCENT"
}
