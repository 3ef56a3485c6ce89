extension SimulateCommand {
    static let discussion = """
        A trace is CSV of "period,count" for each minute, an access log (common or combined), or lines of "time,app". \
        A policy is a flock.yaml, whose scaler section is tried. Without one the settings in effect are, with no \
        maximum, so that what is needed shows.

        An instance serves --slots requests at once, the others queue. The oracle knows the load of every second, \
        aims at the first policy's target and starts instances in no time; "fixed" has as many instances all the time \
        as the oracle has at its peak.

        EXAMPLES
          flock-scaler simulate --trace access.log
          flock-scaler simulate --trace wc98.csv --from 1998-06-10 --to 1998-06-11 --scale 60 --plot day.svg
          flock-scaler simulate --trace access.log --policy flock.yaml --policy tried.yaml --start 60ms --json
          flock-scaler simulate --fleet 3000 --days 30 --start 100ms --service 100ms
        """
}
