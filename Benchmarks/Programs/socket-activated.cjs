// For "node -r": the first server listens on the socket that systemd-socket-activate hands over.
const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, host, ready) { return listen.call(this, { fd: 3 }, ready); };
