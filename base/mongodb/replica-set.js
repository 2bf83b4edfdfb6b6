// Brings this member into the replica set. Safe to run at any time and on all members at once.
// Exit 0: this member is in the set. Exit 1: not yet, try again.
//
// A second set must never be started beside one that holds data, for example by a first member
// that lost its volume. So the set is started only when every other member answers and none of
// them belongs to one. Members are added, never removed: that is a person's decision.
const { POD_NAME, MEMBERS, SERVICE_DOMAIN, REPLICA_SET } = process.env;

const hosts = [];
for (let ordinal = 0; ordinal < Number(MEMBERS); ordinal += 1) {
  hosts.push(`mongodb-${ordinal}.${SERVICE_DOMAIN}:27017`);
}
const self = `${POD_NAME}.${SERVICE_DOMAIN}:27017`;

function adminOf(host) {
  return new Mongo(
    `mongodb://${host}/?directConnection=true&serverSelectionTimeoutMS=3000`,
  ).getDB("admin");
}

let exitCode = 1;
if (db.hello().setName) {
  print("this member is in the replica set");
  exitCode = 0;
} else {
  const silent = [];
  let peerInSet = null;
  for (const host of hosts) {
    if (host !== self) {
      try {
        const hello = adminOf(host).runCommand({ hello: 1 });
        if (hello.setName) {
          peerInSet = hello;
        }
      } catch (error) {
        silent.push(host);
      }
    }
  }

  if (peerInSet !== null && !peerInSet.primary) {
    print("waiting: the replica set has no primary");
  } else if (peerInSet !== null) {
    const primary = adminOf(peerInSet.primary);
    const config = primary.runCommand({ replSetGetConfig: 1 }).config;
    if (config.members.some((member) => member.host === self)) {
      print("waiting: this member is in the configuration and will receive it");
    } else {
      const lastId = Math.max(...config.members.map((member) => member._id));
      config.members.push({ _id: lastId + 1, host: self });
      config.version += 1;
      primary.runCommand({ replSetReconfig: config });
      print(`added ${self}`);
    }
  } else if (silent.length > 0) {
    print(`waiting: no answer from ${silent.join(", ")}`);
  } else if (self !== hosts[0]) {
    print(`waiting: ${hosts[0]} starts the replica set`);
  } else {
    db.adminCommand({
      replSetInitiate: {
        _id: REPLICA_SET,
        members: hosts.map((host, id) => ({ _id: id, host })),
      },
    });
    print(`started the replica set ${REPLICA_SET} with ${hosts.join(", ")}`);
  }
}
quit(exitCode);
