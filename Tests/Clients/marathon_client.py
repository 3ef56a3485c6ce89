#!/usr/bin/env python3
"""Uses the engine through thefactory's marathon-python 0.13, Debian's python3-marathon, as its users do.

usage: marathon_client.py BASE_URL TOKEN_FILE

The library refuses keys that it does not know, so every answer that it reads is checked for its shape. Prints each
step; ends with status 1 and a traceback at the first that is wrong.
"""
import collections
import collections.abc
import sys
import threading
import time

# The library's own code says collections.abc, what it was written against did not: Python 3.10 took the names away.
if not hasattr(collections, "Iterable"):
    collections.Iterable = collections.abc.Iterable

from marathon import MarathonApp, MarathonClient, NotFoundError  # noqa: E402
from marathon.exceptions import ConflictError, MarathonHttpError  # noqa: E402
from marathon.models.app import (  # noqa: E402
    MarathonHealthCheck, MarathonUnreachableStrategy, MarathonUpgradeStrategy, PortDefinition, ReadinessCheck)
from marathon.models.container import (  # noqa: E402
    MarathonContainer, MarathonContainerPortMapping, MarathonDockerContainer)
from marathon.models.events import (  # noqa: E402
    MarathonDeploymentInfo, MarathonDeploymentSuccess, MarathonEventStreamAttached, MarathonStatusUpdateEvent)
from marathon.models.group import MarathonGroup  # noqa: E402


def check(condition, *what):
    if not condition:
        raise AssertionError(*what)


def eventually(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError("did not happen within %d s: %s" % (seconds, what))
        time.sleep(0.05)


def refused(error, call):
    """The error that the call ends with, which has to be of this class."""
    try:
        call()
    except error as caught:
        return caught
    raise AssertionError("nothing was refused")


class Listener(threading.Thread):
    """Reads an event stream until the engine ends; what goes wrong in the library is kept."""

    def __init__(self, client, types=None):
        super().__init__(daemon=True)
        self.stream = client.event_stream(event_types=types)
        self.events = []
        self.failure = None
        self.start()

    def run(self):
        try:
            for event in self.stream:
                self.events.append(event)
        except Exception as failure:  # of any kind: that is what is looked for
            self.failure = failure

    def count(self, kind):
        return sum(isinstance(event, kind) for event in list(self.events))

    def has(self, kind, accepts):
        if self.failure is not None:
            raise AssertionError("the stream ended") from self.failure
        return any(isinstance(event, kind) and accepts(event) for event in list(self.events))


class Test:
    def __init__(self, base, token):
        self.base = base
        self.token = token
        self.client = MarathonClient(base, username="flock", password=token, timeout=30)
        self.listener = None

    def quiet(self):
        eventually("no deployment is under way", lambda: not self.client.list_deployments())

    def about(self):
        """ping, info, leader, and who may call"""
        client = self.client
        check(client.ping() == b'"pong"', client.ping())
        info = client.get_info()
        check(info.name == "marathon" and info.elected and info.version.startswith("1."), info)
        check(info.leader == client.get_leader()["leader"], info.leader)
        check(self.base.endswith(":%d" % info.http_config.http_port), info.http_config)
        check(info.marathon_config.local_port_min == 10000, info.marathon_config)
        check(client.delete_leader()["message"] == "Leadership abdicated")
        by_token = MarathonClient(self.base, auth_token=self.token)
        check(by_token.list_apps() == [])
        by_token.sse_session.headers["Authorization"] = "token=" + self.token
        stranger = MarathonClient(self.base, username="flock", password="wrong")
        check(refused(MarathonHttpError, stranger.list_apps).status_code == 401)
        check(client.list_tasks() == [] and client.list_queue() == [] and client.list_deployments() == [])

    def app(self):
        """an app with everything the library knows: created, listed, scaled, changed, rolled back"""
        client = self.client
        self.listener = Listener(client)
        eventually("the stream is open", lambda: self.listener.has(object, lambda event: True))
        filtered = Listener(client, [MarathonDeploymentSuccess, "status_update_event"])
        eventually("both streams are open", lambda: self.listener.count(MarathonEventStreamAttached) == 2)
        created = client.create_app("/web", MarathonApp(
            cmd="exec python3 -m http.server $PORT0", cpus=0.1, mem=64, instances=1,
            env={"GREETING": "hello"}, labels={"tier": "front"}, constraints=[("hostname", "LIKE", ".*")],
            port_definitions=[PortDefinition(port=0, protocol="tcp", name="http", labels={"VIP_0": "/web:80"})],
            health_checks=[MarathonHealthCheck(
                protocol="HTTP", path="/", port_index=0, grace_period_seconds=30, interval_seconds=1,
                timeout_seconds=5, max_consecutive_failures=3, ignore_http1xx=False)],
            readiness_checks=[ReadinessCheck(
                name="ready", protocol="HTTP", path="/", port_name="http", interval_seconds=2, timeout_seconds=1,
                http_status_codes_for_ready=[200], preserve_last_response=True)],
            upgrade_strategy=MarathonUpgradeStrategy(maximum_over_capacity=1, minimum_health_capacity=0.5),
            unreachable_strategy=MarathonUnreachableStrategy(inactive_after_seconds=0, expunge_after_seconds=0),
            kill_selection="OLDEST_FIRST", backoff_seconds=1, backoff_factor=1.5, max_launch_delay_seconds=60,
            task_kill_grace_period_seconds=2, require_ports=False, user=None))
        check(created.id == "/web" and created.instances == 1 and created.env == {"GREETING": "hello"}, created)
        check(len(created.deployments) == 1 and created.tasks == [], created.deployments)
        first = created.deployments[0].id
        for deployment in client.list_deployments():
            check(deployment.affected_apps == ["/web"] and deployment.total_steps == 2, deployment)
        for listener in [self.listener, filtered]:
            eventually("deployment_success", lambda: listener.has(
                MarathonDeploymentSuccess, lambda event: event.id == first))
        check(all(isinstance(event, (MarathonDeploymentSuccess, MarathonStatusUpdateEvent))
                  for event in filtered.events), filtered.events)
        check(self.listener.has(MarathonDeploymentInfo, lambda event: event.plan.id == first))
        self.quiet()

        app = client.get_app(
            "/web", embed_tasks=True, embed_counts=True, embed_deployments=True, embed_readiness=True,
            embed_last_task_failure=True, embed_task_stats=True)
        check(app.tasks_running == 1 and app.tasks_healthy == 1 and app.tasks_unhealthy == 0, app)
        check(app.tasks[0].health_check_results[0].alive, app.tasks)
        check(app.kill_selection == "OLDEST_FIRST" and app.health_checks[0].protocol == "HTTP", app)
        check(app.readiness_checks[0].port_name == "http" and app.port_definitions[0].labels, app)
        check(app.task_stats.total_summary.stats.counts.running == 1, app.task_stats)
        check(app.task_stats.with_latest_config.stats.counts.healthy == 1, app.task_stats)
        check(app.task_stats.with_outdated_config is None, app.task_stats)
        check(app.constraints[0].operator == "LIKE" and app.version_info.last_config_change_at, app)
        everything = client.list_apps(
            embed_tasks=True, embed_counts=True, embed_deployments=True, embed_readiness=True,
            embed_last_task_failure=True, embed_failures=True, embed_task_stats=True)
        check([one.id for one in everything] == ["/web"] and len(everything[0].tasks) == 1, everything)
        check(client.list_apps(label="tier==front")[0].id == "/web")
        check(client.list_apps(label="tier notin (front)") == [])
        check(client.list_apps(cmd="HTTP.server")[0].id == "/web" and client.list_apps(app_id="nothing") == [])
        endpoint = client.list_endpoints()[0]
        check(endpoint.app_id == "/web" and endpoint.service_port == app.port_definitions[0].port, endpoint)
        check(endpoint.task_port == client.list_tasks("/web")[0].ports[0], endpoint)
        conflict = refused(ConflictError, lambda: client.create_app("/web", MarathonApp(cmd="sleep 1")))
        check(conflict.error_message == "An app with id [/web] already exists.", conflict)

        client.scale_app("/web", instances=0)
        eventually("it sleeps", lambda: not client.list_tasks("/web"))
        self.quiet()
        check(client.get_app("/web").instances == 0)
        client.scale_app("/web", delta=1)
        eventually("it runs", lambda: client.get_app("/web").tasks_healthy == 1)
        self.quiet()

        before = client.get_app("/web").version
        app = client.get_app("/web")
        app.env = {"GREETING": "good day"}
        result = client.update_app("/web", app)
        check(result["version"] != before and result["deploymentId"], result)
        self.quiet()
        check(client.get_app("/web").env == {"GREETING": "good day"})
        versions = client.list_versions("/web")
        check(before in versions and result["version"] in versions and len(versions) == 4, versions)
        check(client.get_version("/web", before).env == {"GREETING": "hello"})
        client.rollback_app("/web", before)
        self.quiet()
        check(client.get_app("/web").env == {"GREETING": "hello"})
        client.update_apps([MarathonApp(id="/web", labels={"tier": "back"})])
        self.quiet()
        check(client.get_app("/web").labels == {"tier": "back"})
        client.restart_app("/web")
        self.quiet()
        check(client.get_app("/web").tasks_healthy == 1)

    def tasks(self):
        """tasks: killed and replaced, killed and not replaced"""
        client = self.client
        client.scale_app("/web", instances=2)
        self.quiet()
        one = client.list_tasks("/web")[0]
        check(client.kill_task("/web", one.id).id == one.id)
        eventually("it is replaced", lambda: [
            task.id != one.id for task in client.list_tasks("/web") if task.started_at] == [True, True])
        one = client.list_tasks("/web")[0]
        result = client.kill_task("/web", one.id, scale=True)
        check(result["deploymentId"], result)
        self.quiet()
        check(client.get_app("/web").instances == 1)
        one = client.list_tasks("/web")[0]
        check([task.id for task in client.kill_tasks("/web")] == [one.id])
        eventually("it is replaced", lambda: [
            task.id != one.id for task in client.list_tasks("/web") if task.started_at] == [True])
        check(client.kill_given_tasks([client.list_tasks("/web")[0].id], scale=True))
        eventually("none is left", lambda: not client.list_tasks("/web"))
        self.quiet()
        missing = refused(NotFoundError, lambda: client.kill_task("/web", "web.instance-x._app.1"))
        check(missing.error_message == "Task 'web.instance-x._app.1' does not exist", missing)
        check(refused(NotFoundError, lambda: client.get_app("/none")).error_message == "App '/none' does not exist")

    def deployments(self):
        """deployments that do not end: seen, in the way, cancelled; and the queue that they wait in"""
        client = self.client
        client.create_app("/boxed", MarathonApp(
            cmd="serve", cpus=0.1, mem=32, instances=1, container=MarathonContainer(
                type="DOCKER", docker=MarathonDockerContainer(
                    image="nginx", network="BRIDGE", privileged=False, force_pull_image=True, parameters=[],
                    port_mappings=[MarathonContainerPortMapping(
                        container_port=80, host_port=0, service_port=0, protocol="tcp")]))))
        check(client.get_app("/boxed").container.docker.image == "nginx")
        item = client.list_queue(embed_last_unused_offers=True)[0]
        check(item.app.id == "/boxed" and item.count == 1 and item.delay.overdue, item)
        check(client.list_queue()[0].processed_offers_summary["rejectSummaryLastOffers"], item)
        deployment = client.list_deployments()[0]
        check(deployment.steps[0].actions[0].action == "StartApplication", deployment)
        check(deployment.current_actions[0].app == "/boxed" and deployment.affected_pods == [], deployment)
        locked = refused(ConflictError, lambda: client.scale_app("/boxed", instances=2))
        check("App is locked by one or more deployments" in locked.error_message, locked)
        client.scale_app("/boxed", instances=3, force=True)
        result = client.delete_deployment(client.list_deployments()[0].id)
        check(result["deploymentId"] and client.get_app("/boxed").instances == 1, result)
        check(client.delete_deployment(client.list_deployments()[0].id, force=True) == {})
        check(client.list_deployments() == [])
        client.delete_app("/boxed", force=True)
        self.quiet()

        client.create_app("/failing", MarathonApp(cmd="exit 3", cpus=0.1, mem=32, instances=1, backoff_seconds=300))
        item = eventually("it waits", lambda: [one for one in client.list_queue() if not one.delay.overdue])[0]
        check(item.delay.time_left_seconds > 200, item.delay)
        failure = client.get_app("/failing").last_task_failure
        check(failure.state == "TASK_FAILED" and failure.app_id == "/failing", failure)
        client.reset_delay("/failing")
        eventually("it fails again", lambda: client.get_app("/failing").last_task_failure.task_id != failure.task_id)
        refused(NotFoundError, lambda: client.reset_delay("/none"))
        client.delete_app("/failing")
        self.quiet()

    def groups(self):
        """groups: nested with dependencies, changed, scaled, rolled back, deleted"""
        client = self.client

        def sleeper(name, **more):
            return MarathonApp(id=name, cmd="exec sleep 1000", cpus=0.1, mem=32, instances=1, **more)

        result = client.create_group(MarathonGroup(
            id="/shop", groups=[
                MarathonGroup(id="db", apps=[sleeper("sql")]),
                MarathonGroup(id="web", dependencies=["/shop/db"], apps=[sleeper("ui", env={"A": "1"})])]))
        check(result["deploymentId"], result)
        deployment = client.list_deployments()
        self.quiet()
        check(not deployment or deployment[0].affected_apps == ["/shop/db/sql", "/shop/web/ui"], deployment)
        group = client.get_group("/shop")
        check([inner.id for inner in group.groups] == ["/shop/db", "/shop/web"], group)
        check(group.groups[1].dependencies == ["/shop/db"], group.groups[1].dependencies)
        check(group.groups[0].apps[0].tasks_running == 1, group.groups[0].apps)
        check([one.id for one in client.list_groups()] == ["/shop"])
        group.groups[1].apps[0].env = {"A": "2"}
        client.update_group("/shop", group)
        self.quiet()
        check(client.get_app("/shop/web/ui").env == {"A": "2"} and client.get_app("/shop/db/sql").instances == 1)
        client.scale_group("/shop", 2)
        self.quiet()
        check(client.get_app("/shop/db/sql").tasks_running == 2)
        client.scale_group("/shop", 0)
        self.quiet()
        check(client.get_app("/shop/web/ui").instances == 0 and not client.list_tasks("/shop/web/ui"))
        client.rollback_group("/shop", result["version"])
        self.quiet()
        check(client.get_app("/shop/web/ui").env == {"A": "1"} and client.get_app("/shop/db/sql").tasks_running == 1)
        client.delete_group("/shop")
        self.quiet()
        refused(NotFoundError, lambda: client.get_group("/shop"))

    def end(self):
        """all is deleted, and the library has understood every event"""
        client = self.client
        client.delete_app("/web")
        eventually("it is gone", lambda: client.list_apps() == [])
        check(client.list_tasks() == [] and client.list_deployments() == [])
        check(not self.listener.has(object, lambda event: False) and self.listener.is_alive())


def main():
    base, file = sys.argv[1:]
    with open(file) as opened:
        test = Test(base, opened.read().strip())
    for step in [test.about, test.app, test.tasks, test.deployments, test.groups, test.end]:
        print("%s: %s" % (step.__name__, step.__doc__), flush=True)
        step()
    print("marathon-python is content")


if __name__ == "__main__":
    main()
