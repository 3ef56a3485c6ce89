// Stands in for Marathon, so that routing is measured and no launching: its tasks are one server that runs already.
//
//   node marathon.mjs PORT TASK-PORT APPS RUNNING
//
// /v2/apps, /v2/apps/ID and /v2/events as Marathon has them. An app that is asked for by PUT /v2/apps/ID gets no task.
// The benchmark says what happens:
//   POST /bench/scale {"first": N, "count": N, "instances": 0 or 1}   tasks come or go, with an event for each
//   POST /bench/apps {"count": N}                                     more apps, at zero
import http from "node:http";

const [port, taskPort, count, running] = process.argv.slice(2).map(Number);
const apps = new Map();
const listeners = new Set();
let starts = 0;

const idOf = (number) => `/app-${String(number).padStart(5, "0")}-1.0.0`;

function add(number) {
  const id = idOf(number);
  const app = {
    id, cmd: "exec server", cpus: 0.1, mem: 32, instances: 0, ports: [0],
    labels: {
      FLOCK_APP: id.slice(1, -6), FLOCK_VERSION: "1.0.0", FLOCK_RELEASE: "1", FLOCK_DEPLOY: `${number + 1}`,
      FLOCK_SHA: "0123456789abcdef0123456789abcdef01234567", FLOCK_SCALE: '{"max":1}',
    },
    healthChecks: [{
      protocol: "HTTP", path: "/", portIndex: 0, gracePeriodSeconds: 60, intervalSeconds: 10, timeoutSeconds: 5,
      maxConsecutiveFailures: 3,
    }],
    version: "2026-01-01T00:00:00.000Z", deployments: [], tasks: [],
    tasksStaged: 0, tasksRunning: 0, tasksHealthy: 0, tasksUnhealthy: 0,
  };
  apps.set(id, { app, text: JSON.stringify(app) });
  return id;
}

function scale(id, instances) {
  const entry = apps.get(id);
  const { app } = entry;
  const gone = app.tasks[0];
  app.instances = instances;
  app.tasksRunning = instances;
  app.tasks = instances === 0 ? [] : [{
    id: `${id.slice(1)}.${++starts}`, appId: id, host: "127.0.0.1", ports: [taskPort], state: "TASK_RUNNING",
    stagedAt: "2026-01-01T00:00:00.000Z", startedAt: "2026-01-01T00:00:00.000Z", version: app.version,
  }];
  entry.text = JSON.stringify(app);
  const task = app.tasks[0] ?? gone;
  tell({
    eventType: "status_update_event", appId: id, taskId: task?.id,
    taskStatus: instances === 0 ? "TASK_KILLED" : "TASK_RUNNING", host: "127.0.0.1", ports: [taskPort],
  });
}

function tell(event) {
  const text = `event: ${event.eventType}\ndata: ${JSON.stringify(event)}\n\n`;
  for (const listener of listeners) listener.write(text);
}

// As Marathon does, so that a stream on which nothing happens is not taken for a dead one.
setInterval(() => { for (const listener of listeners) listener.write("\r\n"); }, 10_000);

for (let number = 0; number < count; number++) add(number);
for (let number = 0; number < running; number++) scale(idOf(number), 1);

async function answer(request, response) {
  let body = "";
  for await (const chunk of request) body += chunk;
  const path = request.url.split("?")[0];
  const json = (text) => response.setHeader("Content-Type", "application/json").end(text);
  if (path === "/ping") return response.end("pong");
  if (path === "/v2/events") {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.flushHeaders();
    listeners.add(response);
    return response.on("close", () => listeners.delete(response));
  }
  if (path === "/bench/scale") {
    const { first, count, instances } = JSON.parse(body);
    for (let number = first; number < first + count; number++) scale(idOf(number), instances);
    return json("{}");
  }
  if (path === "/bench/apps") {
    const { count } = JSON.parse(body);
    for (let number = 0; number < count; number++) {
      tell({ eventType: "api_post_event", appDefinition: { id: add(apps.size) } });
    }
    return json("{}");
  }
  if (path === "/v2/apps") return json(`{"apps":[${[...apps.values()].map((entry) => entry.text).join(",")}]}`);
  if (path === "/v2/queue") return json('{"queue":[]}');
  if (path === "/v2/deployments") return json("[]");
  const entry = apps.get(path.slice("/v2/apps".length));
  if (path.startsWith("/v2/apps/") && entry !== undefined) {
    if (request.method === "GET") return json(`{"app":${entry.text}}`);
    entry.app.instances = JSON.parse(body).instances ?? entry.app.instances;
    entry.text = JSON.stringify(entry.app);
    return json('{"version":"2026-01-01T00:00:00.000Z","deploymentId":"0"}');
  }
  if (request.method === "DELETE") return response.writeHead(204).end();
  response.writeHead(404, { "Content-Type": "application/json" }).end('{"message":"unknown"}');
}

http.createServer((request, response) => {
  answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
}).listen(port, "127.0.0.1");
