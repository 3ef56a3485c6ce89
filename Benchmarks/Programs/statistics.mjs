// Stands in for HAProxy's statistics and, on their unix sockets, for flock-haproxy and flock-backup, so that what
// flock-scaler costs is measured and nothing else.
//
//   node statistics.mjs PORT STATE-FOLDER BACKENDS
//
// /stats;csv is what HAProxy 2.6 says of backends as flock-haproxy makes them: two slots, flock-backup, and the sum. At
// each answer every backend has had one to three requests more and has none or one in flight: enough to stay awake, too
// little for a second instance. The apps are those of marathon.mjs.
//
//   GET /bench/text                            the same, and nothing has changed
//   POST /bench/silence {"every": N}           each Nth answer is 503 from now on; 0: none
import http from "node:http";

const [port, count] = [Number(process.argv[2]), Number(process.argv[4])];
const state = process.argv[3];

const header = `# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,
chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,
check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,
cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,
agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,
addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,
cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,
need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-,ssl_sess,ssl_reused_sess,
ssl_failed_handshake,h2_headers_rcvd,h2_data_rcvd,h2_settings_rcvd,h2_rst_stream_rcvd,h2_goaway_rcvd,
h2_detected_conn_protocol_errors,h2_detected_strm_protocol_errors,h2_rst_stream_resp,h2_goaway_resp,
h2_open_connections,h2_backend_open_streams,h2_total_connections,h2_backend_total_streams,h1_open_connections,
h1_open_streams,h1_total_connections,h1_total_streams,h1_bytes_in,h1_bytes_out,h1_spliced_bytes_in,
h1_spliced_bytes_out,`.replaceAll("\n", "");

const idle = (proxy, server, sid, kind, bck) =>
  `${proxy},${server},0,0,0,0,,0,0,0,,0,,0,0,0,0,${kind},1,${1 - bck},${bck},,,86400,,,1,3,${sid},,0,,2,0,,0,,,,0,0,0,0,0,0`
  + ",,,,0,0,0,,,,,-1,,,0,0,0,0,,,,,,,,,,,,,,http,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,1,,,,-,0,0,0" + ",".repeat(22);
const slot = (proxy, scur, stot) =>
  `${proxy},s1,0,0,${scur},4,,${stot},1234567,98765432,,0,,0,0,0,0,no check,1,1,0,,,86400,,,1,3,1,,${stot},,2,1,,9,,,,0`
  + `,${stot},0,12,0,0,,,,${stot},3,0,,,,,0,,,0,0,24,187,,,,,,,,,,,,,,http,,,,,,,,0,41,99,,,2,,0,1,310,9021,0,1,1,1,0,1`
  + ",,,,-,0,0,0" + ",".repeat(22);
const sum = (proxy, scur, stot) =>
  `${proxy},BACKEND,0,0,${scur},4,400,${stot},1234567,98765432,0,0,,0,0,0,0,UP,1,1,1,,0,86400,0,,1,3,0,,${stot},,1,1,,9`
  + `,,,,0,${stot},0,12,0,0,,,,${stot},3,0,0,0,0,0,0,,,0,0,24,187,,,,,,,,,,,,,,http,,,,,,,,0,41,99,0,0,,,0,1,310,9021,0`
  + ",,,,,1,0,0,0,-,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,41,99,1234567,98765432,0,0,";

// Written over in place: a new text for each answer would cost more than flock-scaler does.
const [flight, width] = ["F", 8];
const total = "T".repeat(width);
const lines = [header];
for (let number = 0; number < count; number++) {
  const proxy = `app_app_${String(number).padStart(5, "0")}_1_0_0`;
  lines.push(
    slot(proxy, flight, total), idle(proxy, "s2", 2, "MAINT", 0), idle(proxy, "backup", 3, "no check", 1),
    sum(proxy, flight, total));
}
const text = Buffer.from(lines.join("\n") + "\n");
const places = [[], []];
// No other cell is one of these.
for (const [index, cell] of [flight, total].entries()) {
  for (let at = text.indexOf(`,${cell},`); at >= 0; at = text.indexOf(`,${cell},`, at + 1)) places[index].push(at + 1);
}
const totals = new Uint32Array(count).fill(10_000_000);

function change(looks) {
  const each = [places[0].length / count || 0, places[1].length / count || 0];
  for (let number = 0; number < count; number++) {
    totals[number] += 1 + ((number + looks) % 3);
    const digits = String(totals[number]);
    for (let cell = 0; cell < each[0]; cell++) text[places[0][number * each[0] + cell]] = 48 + ((number + looks) & 1);
    for (let cell = 0; cell < each[1]; cell++) text.write(digits, places[1][number * each[1] + cell], "latin1");
  }
}

const apps = Array.from({ length: count }, (_, number) => `/app-${String(number).padStart(5, "0")}-1.0.0`);
const usage = JSON.stringify(apps.map((app, number) => ({ app, inFlight: number & 1, idleMilliseconds: 412 })));
let [looks, silence] = [0, 0];

http.createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  if (request.url === "/bench/silence") silence = JSON.parse(body).every;
  if (request.url === "/bench/text") return response.end(text);
  if (request.url !== "/stats;csv") return response.end();
  looks += 1;
  if (silence > 0 && looks % silence === 0) return response.writeHead(503).end();
  change(looks);
  response.writeHead(200, { "Content-Type": "text/plain", "Cache-Control": "no-cache" }).end(text);
}).listen(port, "127.0.0.1");

const json = { "Content-Type": "application/json" };
http.createServer((request, response) => {
  response.writeHead(200, json).end(request.url === "/v1/use" ? usage : "{}");
}).listen(`${state}/haproxy.sock`);
http.createServer((request, response) => {
  response.writeHead(200, json).end("{}");
}).listen(`${state}/backup.sock`);
